"""Split folders: ``train|validation|test/<label>/<file>``, or ``<label>/train|validation|test/<file>``."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.class_folders import label_at
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth
from whatsit.datasets.label import label_of
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split, split_named

_NAMES = {Split.TRAINING: "train", Split.VALIDATION: "validation", Split.TEST: "test"}


def read(source: Source, contents: Contents) -> Listing | None:
    """The pictures with their labels and splits; None where no folders are named after splits."""
    pictures, skips = pictures_in(contents)
    depth = class_depth(pictures)
    if _is_around(pictures, depth):
        return _around(pictures, depth, skips)
    if splits := _inside(pictures, depth):
        items = [Item(str(path), label_at(path, depth, contents.name), splits.get(path)) for path in pictures]
        return Listing(tuple(items), tuple(skips))
    return None


def _is_around(pictures: Sequence[PurePosixPath], depth: int) -> bool:
    tops = {path.parts[depth] for path in pictures if len(path.parts) > depth + 1}
    splits = {top for top in tops if split_named(top) is not None}
    has_class = [len(path.parts) > depth + 2 for path in pictures if path.parts[depth] in splits]
    if splits == tops:
        return any(has_class)
    # Beside other folders: at least two splits that mostly hold class folders, else they are classes of these names.
    return len({split_named(top) for top in splits}) > 1 and 2 * sum(has_class) > len(has_class)


def _around(pictures: Sequence[PurePosixPath], depth: int, skips: list[Skip]) -> Listing:
    items = []
    for path in pictures:
        if (split := split_named(path.parts[depth])) is None:
            skips.append(Skip(str(path), "not in one of the split folders beside it"))
        elif len(path.parts) > depth + 2:
            items.append(Item(str(path), label_of(path.parts[depth + 1]), split))
        else:
            skips.append(Skip(str(path), "no class folder around it"))
    return Listing(tuple(items), tuple(skips))


def _inside(pictures: Sequence[PurePosixPath], depth: int) -> dict[PurePosixPath, Split]:
    """The splits of ``<label>/train|test/…``, where the folders inside the classes are splits and nothing else."""
    inner = {path: split_named(path.parts[depth + 1]) for path in pictures if len(path.parts) > depth + 2}
    found = {path: split for path, split in inner.items() if split is not None}
    return found if len(found) == len(inner) and len(set(found.values())) > 1 else {}


def write(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``train|validation|test/<label>/<file>``."""
    for picture in pictures:
        yield Entry(f"{_NAMES[picture.split]}/{picture.key}", picture.path)


FORMAT = Format(
    name="split",
    title="Split folders",
    about="train|validation|test/<label>/<file>, or the splits inside each class",
    splits="training, validation, test",
    read=read,
    write=write,
    precedence=60,
    notes=("training, val, valid and testing are understood too.",),
)
