"""Class folders: ``<label>/<file>``. The layout of last resort: it knows every source."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import ASIDE, Listing, is_put_aside, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth
from whatsit.datasets.label import UNLABELLED, label_of
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import split_named
from whatsit.validation import first_few

_NUMBER = re.compile(r"[\W_]*\d[\W_\d]*$")
NO_CLASS = "not in the folder of a label"


def read(source: Source, contents: Contents) -> Listing:
    """Each picture labelled by its topmost folder below those around everything.

    Folders inside a class belong to the class. Where there are no class folders at all, the pictures take the name of
    the folder or archive that holds them, or ``_unlabelled`` where that has none; beside class folders they are left
    out.
    """
    pictures, skips = pictures_in(contents)
    depth = class_depth(pictures)
    has_classes = any(len(path.parts) > depth + 1 for path in pictures)
    items = []
    for path in pictures:
        if has_classes and len(path.parts) <= depth + 1 and contents.name:
            skips.append(Skip(str(path), NO_CLASS))
        elif is_put_aside(path, depth + 1):
            skips.append(Skip(str(path), ASIDE))
        else:
            items.append(Item(str(path), label_at(path, depth, contents.name)))
    labels = {item.label for item in items}
    is_flat = bool(items) and not has_classes
    like_splits = sorted(label for label in labels if split_named(label) is not None)
    said = "class folders" if len(labels) != 1 else f"one class named after the folder, {labels.pop()!r}"
    if like_splits and has_classes and said == "class folders":
        said += (
            f", {first_few([repr(label) for label in like_splits])} among them, since no folders of classes are inside"
        )
    words = _words([item.path for item in items]) if len({item.label for item in items}) == 1 else []
    why = f"its file names begin with {len(words):,} words, such as {first_few([repr(word) for word in words])}"
    notes = [Skip(items[0].label, f"{why}; if these are classes, give each a folder")] if words else []
    return Listing(tuple(items), tuple(skips), tuple(notes), read_as=said, is_flat=is_flat)


def _words(paths: Iterable[str]) -> list[str]:
    """What file names such as ``great_pyrenees_12.jpg`` have before their number, where that divides the pictures."""
    words = Counter(_NUMBER.sub("", PurePosixPath(path).stem) for path in paths)
    return sorted(words) if len(words) > 1 and all(word and count > 1 for word, count in words.items()) else []


def label_at(path: PurePosixPath, depth: int, name: str) -> str:
    """The label of the folder at ``depth``, else of the folder around it, else ``name`` of the source."""
    if len(path.parts) > depth + 1:
        return label_of(path.parts[depth])
    return label_of(path.parts[depth - 1] if depth and len(path.parts) > depth else name) or UNLABELLED


def write(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``<label>/<file>``, as in the project."""
    for picture in pictures:
        yield Entry(picture.key, picture.path)


FORMAT = Format(
    name="folder",
    title="Class folders",
    about="<label>/<file>",
    splits="none",
    read=read,
    write=write,
    takes_folders=True,
    precedence=100,
    notes=("Without class folders, all pictures take the name of the folder or archive.",),
)
