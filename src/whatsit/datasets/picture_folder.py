"""The pictures of a folder, read where they are: with labels or without, and what was left out."""

from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.folder_tree import Refusal, TreeEntry, is_picture_name, walk
from whatsit.datasets.label import RECORD_FILES, UNLABELLED, label_of
from whatsit.datasets.skip import Skip


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
    """The pictures of ``<folder>/<label>/…``."""

    pictures: tuple[tuple[Path, str], ...]
    """Each picture and its label, by path, part by part."""
    left_out: tuple[Skip, ...]
    """What cannot be read, has no label or is no picture. Hidden files are not mentioned."""


def picture_folder(root: Path) -> PictureFolder:
    """The pictures in ``root`` and its folders, however deep. Links are followed.

    Raises:
        SourceError: ``root`` cannot be listed.
    """
    pictures: list[Path] = []
    left_out: list[Skip] = []
    for entry in _seen(root):
        if entry.refusal is not None:
            left_out.append(Skip(entry.inner, entry.reason))
        elif is_picture_name(entry.parts[-1]):
            pictures.append(entry.path)
    return PictureFolder(tuple(pictures), tuple(left_out))


def labelled_folder(root: Path) -> LabelledFolder:
    """The pictures in the folders of ``root``, however deep, each labelled by the topmost of its folders.

    Folder names are read as in a project's ``dataset/``: ``%XX`` stands for a character that a folder name cannot
    hold, and ``_unlabelled`` is not a label. Links are followed.

    Raises:
        SourceError: ``root`` cannot be listed.
    """
    pictures: list[tuple[Path, str]] = []
    left_out: list[Skip] = []
    for entry in _seen(root):
        if entry.inner in RECORD_FILES:
            continue
        if reason := entry.reason if entry.refusal else _reason(entry.parts):
            left_out.append(Skip(entry.inner, reason))
        else:
            pictures.append((entry.path, label_of(entry.parts[0])))
    return LabelledFolder(tuple(pictures), tuple(left_out))


def _seen(root: Path) -> list[TreeEntry]:
    silent = (Refusal.HIDDEN, Refusal.LEFT_BY_OTHERS)
    return [entry for entry in walk(root, strict=False) if entry.refusal not in silent]


def _reason(parts: tuple[str, ...]) -> str:
    if not is_picture_name(parts[-1]):
        return "not a picture file"
    if len(parts) == 1:
        return "not in the folder of a label"
    return "has no label" if parts[0] == UNLABELLED else ""
