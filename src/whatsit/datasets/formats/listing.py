"""What a layout makes of a source: the pictures in it, and what is left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from whatsit.datasets.folder_tree import is_picture_name
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.source import Contents
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split

NOT_A_PICTURE = "not a picture file"


@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures of a source, before any of them is read."""

    items: tuple[Item, ...] = ()
    skips: tuple[Skip, ...] = ()
    """What will not be imported, and why."""
    notes: tuple[Skip, ...] = ()
    """What will be imported differently from what the source says, and how."""
    splits: Mapping[str, Split] = field(default_factory=dict)
    """Splits by the SHA-256 of a picture's bytes, for items without one."""


def pictures_in(contents: Contents) -> tuple[list[PurePosixPath], list[Skip]]:
    """The picture files of a source, and a skip for every other file."""
    paths = [PurePosixPath(path) for path in contents.paths]
    pictures = [path for path in paths if is_picture_name(path.name)]
    return pictures, [Skip(str(path), NOT_A_PICTURE) for path in paths if not is_picture_name(path.name)]


def not_listed(contents: Contents, listing: Listing, lists: Sequence[str], name: str) -> Iterator[Skip]:
    """A skip for every file of a source that its ``lists``, called ``name``, do not mention."""
    named = {*lists, *(item.path for item in listing.items), *(skip.path for skip in listing.skips)}
    for path in sorted(set(contents.paths) - named):
        yield Skip(path, f"not named in {name}" if is_picture_name(path) else NOT_A_PICTURE)
