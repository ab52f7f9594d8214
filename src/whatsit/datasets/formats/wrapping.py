"""The folders around a whole source, such as those an archive puts around everything in it."""

import posixpath
from collections.abc import Sequence
from pathlib import PurePosixPath

from whatsit.datasets.folder_tree import is_picture_name
from whatsit.datasets.formats.source import Contents
from whatsit.datasets.split import split_named


def wrapping(contents: Contents) -> list[str]:
    """The folders that hold every picture, the outermost (``""``) first.

    A list describes the whole source only in one of these; deeper ones belong to a part of it.
    """
    folders = {posixpath.dirname(path) for path in contents.paths if is_picture_name(path)}
    parts = posixpath.commonpath(folders).split("/") if folders else []
    return ["", *("/".join(parts[: at + 1]) for at in range(len(parts)) if parts[at])]


def class_depth(pictures: Sequence[PurePosixPath]) -> int:
    """How many folders around all ``pictures`` to ignore: the next level is of classes, or of splits."""
    depth = 0
    while (top := _only_folder(pictures, depth)) is not None:
        if split_named(top) is not None or not any(len(path.parts) > depth + 2 for path in pictures):
            break
        depth += 1
    return depth


def _only_folder(pictures: Sequence[PurePosixPath], depth: int) -> str | None:
    tops = {path.parts[depth] if len(path.parts) > depth + 1 else "" for path in pictures}
    return tops.pop() if len(tops) == 1 and "" not in tops else None
