"""The pictures of a folder, read where they are: with labels or without, and what was left out."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from whatsit.datasets.folder_tree import Refusal, walk
from whatsit.datasets.formats.listing import ASIDE, Listing, is_put_aside
from whatsit.datasets.formats.recognition import chosen_formats, recognised
from whatsit.datasets.formats.sources import FolderSource
from whatsit.datasets.label import RECORD_FILES, STRANGERS, UNLABELLED, plain_label, twin_key
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split
from whatsit.errors import ImageError
from whatsit.files import read_head
from whatsit.imaging.image import read_picture_file
from whatsit.imaging.picture_format import HEAD, format_of, is_picture_name


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """All pictures below a folder."""

    pictures: tuple[Path, ...]
    """By path, part by part."""
    left_out: tuple[Skip, ...]
    """Folders and files that cannot be read, FIFOs and the like. Hidden files and files that are no pictures are not
    mentioned."""


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """The labelled pictures of a folder."""

    pictures: tuple[tuple[Path, str], ...]
    """Each picture and its label, by path, part by part."""
    left_out: tuple[Skip, ...]
    """What cannot be read, has no label or is no picture. Hidden files are not mentioned."""
    notes: tuple[Skip, ...] = ()
    """What is doubtful, such as labels that differ only by case."""
    read_as: str = ""
    """What was made of the folder, in one sentence without a full stop."""
    is_flat: bool = False
    """There are pictures, and nothing says what they are."""
    strangers: tuple[Path, ...] = ()
    """Pictures that were marked as none of the classes, by path; none that a split keeps for validation or test."""


def picture_folder(root: Path) -> PictureFolder:
    """The pictures in ``root`` and its folders, however deep. Links are followed.

    Folders inside folders whose names begin with ``_``, or which hold thumbnails, are left out.

    Raises:
        SourceError: ``root`` cannot be listed.
    """
    pictures: list[Path] = []
    left_out: list[Skip] = []
    for found in pictures_below(root):
        if isinstance(found, Skip):
            left_out.append(Skip(str(Path(found.path).relative_to(root)), found.reason))
        else:
            pictures.append(found)
    return PictureFolder(tuple(pictures), tuple(left_out))


def pictures_below(root: Path) -> Iterator[Path | Skip]:
    """As ``picture_folder``, one by one, for folders of any size; skips have their whole path.

    Raises:
        SourceError: ``root`` cannot be listed.
    """
    for entry in walk(root, strict=False):
        if entry.refusal in _SILENT:
            continue
        if entry.refusal is not None:
            yield Skip(str(root / entry.inner), entry.reason)
        elif is_picture_name(entry.parts[-1]) or format_of(read_head(entry.path, HEAD)) is not None:
            if is_put_aside(PurePosixPath(*entry.parts), 1):
                yield Skip(str(root / entry.inner), ASIDE)
            else:
                yield entry.path


def labelled_folder(root: Path, layout: str | None = None) -> LabelledFolder:
    """The pictures of a folder and their labels, in whatever layout of ``formats`` the folder is. Links are followed.

    Folder names are read as in a project's ``dataset/``: ``%XX`` stands for a character that a folder name cannot
    hold, and ``_unlabelled`` and ``_strangers`` are no labels. Splits do not count: every labelled picture is there.
    They count for strangers alone: those that are held out are left out.

    Args:
        root: the folder.
        layout: the name of a layout; None: recognised.

    Raises:
        SourceError: ``root`` cannot be listed, or a list or a split in it is not understood.
    """
    source = FolderSource(root, strict=False)
    contents = source.contents()
    silent = {"hidden file", "hidden folder", str(Refusal.LEFT_BY_OTHERS)}
    contents.skips = [skip for skip in contents.skips if skip.reason not in silent]
    listing = recognised(source, contents, chosen_formats(layout)) if contents.paths else Listing()
    left_out = [skip for skip in (*contents.skips, *listing.skips) if skip.path not in RECORD_FILES]
    labelled: list[tuple[str, str]] = []
    strangers: list[Path] = []
    for item in listing.items:
        if item.label == UNLABELLED:
            left_out.append(Skip(item.path, "has no label"))
        elif item.label == STRANGERS:
            split = item.split or _recorded_split(root / item.path, listing)
            if split in (None, Split.TRAINING):
                strangers.append(root / item.path)
            else:
                left_out.append(Skip(item.path, f"marked as none of the classes, kept for {split}"))
        else:
            labelled.append((item.path, plain_label(item.label)))
    labelled.sort(key=lambda one: one[0].split("/"))
    is_flat = listing.is_flat and layout is None
    return LabelledFolder(
        () if is_flat else tuple((root / path, label) for path, label in labelled),
        tuple(dict.fromkeys(left_out)),
        (*listing.notes, *_twins([label for _, label in labelled])),
        listing.read_as,
        is_flat,
        tuple(sorted(strangers)),
    )


def _recorded_split(picture: Path, listing: Listing) -> Split | None:
    if not listing.splits:
        return None
    try:
        return listing.splits.get(hashlib.sha256(read_picture_file(picture)).hexdigest())
    except ImageError:  # said by name where it is decoded
        return None


_SILENT = (Refusal.HIDDEN, Refusal.LEFT_BY_OTHERS)


def _twins(labels: Sequence[str]) -> list[Skip]:
    kept: dict[str, str] = {}
    pairs = [(label, kept.setdefault(twin_key(label), label)) for label in dict.fromkeys(labels)]
    what = "only by case, blanks or Unicode form; they are taught as two"
    return [Skip(label, f"a label that differs from {first!r} {what}") for label, first in pairs if first != label]
