"""A folder with one folder per label, read where it is: the pictures with their labels, and what was left out."""

from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.folder_tree import Refusal, is_picture_name, walk
from whatsit.datasets.label import RECORD_FILES, UNLABELLED, label_of
from whatsit.datasets.skip import Skip


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """``<folder>/<label>/…`` as ``labelled_folder`` found it."""

    pictures: tuple[tuple[Path, str], ...]
    """Each picture file and its label, by path."""
    left_out: tuple[Skip, ...]
    """What has no label or is no picture. Hidden files and what other programs leave behind are not mentioned."""


def labelled_folder(root: Path) -> LabelledFolder:
    """The pictures in the folders of ``root``, however deep, each labelled by the topmost of its folders.

    Folder names are read as in a project's ``dataset/``: ``%XX`` stands for a character that a folder name cannot
    have, and ``_unlabelled`` is not a label. Links are followed.

    Raises:
        SourceError: ``root`` cannot be listed.
    """
    pictures: list[tuple[Path, str]] = []
    left_out: list[Skip] = []
    for entry in walk(root, strict=False):
        if entry.refusal in (Refusal.HIDDEN, Refusal.LEFT_BY_OTHERS) or entry.inner in RECORD_FILES:
            continue
        if reason := entry.reason if entry.refusal else _reason(entry.parts):
            left_out.append(Skip(entry.inner, reason))
        else:
            pictures.append((entry.path, label_of(entry.parts[0])))
    return LabelledFolder(tuple(pictures), tuple(left_out))


def _reason(parts: tuple[str, ...]) -> str:
    if not is_picture_name(parts[-1]):
        return "not a picture file"
    if len(parts) == 1:
        return "not in the folder of a label"
    return "has no label" if parts[0] == UNLABELLED else ""
