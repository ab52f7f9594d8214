"""Class folders: ``<label>/<file>``. The layout of last resort: it knows every source."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth
from whatsit.datasets.label import UNLABELLED, label_of


def read(source: Source, contents: Contents) -> Listing:
    """Each picture labelled by its topmost folder below those around everything.

    Folders inside a class belong to the class. Pictures without a folder take the name of the folder or archive that
    holds all, or ``_unlabelled`` where that has none.
    """
    pictures, skips = pictures_in(contents)
    depth = class_depth(pictures)
    items = (Item(str(path), label_at(path, depth, contents.name)) for path in pictures)
    return Listing(tuple(items), tuple(skips))


def label_at(path: PurePosixPath, depth: int, name: str) -> str:
    """The label of the folder at ``depth``, else of the folder around it, else ``name`` of the source."""
    if len(path.parts) > depth + 1:
        return label_of(path.parts[depth])
    return label_of(path.parts[depth - 1] if depth else name) or UNLABELLED


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
    precedence=100,
    notes=("Pictures without a folder take the name of the folder or archive.",),
)
