"""What a layout makes of a source: the pictures in it, and what is left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from whatsit.datasets.folder_tree import is_aside
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.source import Contents
from whatsit.datasets.formats.wrapping import strays
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split
from whatsit.imaging.picture_format import RAW_SUFFIXES

NOT_A_PICTURE = "not a picture file"
BESIDE = "in a folder beside the pictures that illustrates something else"
ASIDE = "in a folder of thumbnails or beginning with _ inside a class"


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
    read_as: str = ""
    """What was made of the source, in one sentence without a full stop."""
    is_flat: bool = False
    """The label is the name of the folder around everything, for want of anything better."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A source that is nearly in a layout: it is then in no simpler one either, unless a person says so."""

    path: str
    """The list or folder that is not understood."""
    why: str
    """What did not fit, and what would."""
    only_flat: bool = False
    """It matters only where no class folders say what the pictures are."""


def pictures_in(contents: Contents) -> tuple[list[PurePosixPath], list[Skip]]:
    """The picture files of a source, and a skip for every other file."""
    pictures = [PurePosixPath(path) for path in contents.paths if contents.is_picture(path)]
    others = [path for path in contents.paths if not contents.is_picture(path)]
    aside = strays(pictures)
    skips = [*(Skip(path, _no_picture(path)) for path in others), *(Skip(str(path), BESIDE) for path in sorted(aside))]
    return [path for path in pictures if path not in aside], skips


def _no_picture(path: str) -> str:
    is_raw = PurePosixPath(path).suffix.lower() in RAW_SUFFIXES
    return "camera raw file; export it as JPEG" if is_raw else NOT_A_PICTURE


def is_put_aside(path: PurePosixPath, inside: int) -> bool:
    """True where a folder between the class, ``inside`` parts down, and the picture holds what a program put aside."""
    return any(map(is_aside, path.parts[inside:-1]))


def not_listed(contents: Contents, listing: Listing, lists: Sequence[str], name: str) -> Iterator[Skip]:
    """A skip for every file of a source that its ``lists``, called ``name``, do not mention."""
    named = {*lists, *(item.path for item in listing.items), *(skip.path for skip in listing.skips)}
    for path in sorted(set(contents.paths) - named):
        yield Skip(path, f"not named in {name}" if contents.is_picture(path) else NOT_A_PICTURE)
