"""The folders around a whole source, such as those an archive puts around everything in it."""

import posixpath
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from whatsit.datasets.formats.source import Contents
from whatsit.datasets.split import split_named

_FILLING = frozenset({
    "images", "image", "imgs", "img", "data", "dataset", "datasets", "pictures", "photos", "raw", "files", "jpg", "png",
    "jpegimages", "train_images", "all_images",
})  # fmt: skip


_ILLUSTRATIONS = frozenset({
    "doc", "docs", "documentation", "assets", "static", "figures", "figure", "figs", "screenshots", "screenshot",
    "readme", "readme_images", "plots", "results", "logs", "notebooks", "demo", "examples", "example", "media",
})  # fmt: skip


def is_filling(name: str) -> bool:
    """True for names of folders that say nothing of the pictures in them, such as ``images``."""
    return name.casefold() in _FILLING


def wrapping(contents: Contents) -> list[str]:
    """The folders that hold every picture, the outermost (``""``) first.

    A list describes the whole source only in one of these; deeper ones belong to a part of it.
    """
    folders = {posixpath.dirname(path) for path in contents.paths if contents.is_picture(path)}
    parts = posixpath.commonpath(folders).split("/") if folders else []
    return ["", *("/".join(parts[: at + 1]) for at in range(len(parts)) if parts[at])]


def class_depth(pictures: Sequence[PurePosixPath]) -> int:
    """How many folders around ``pictures`` to ignore: the next level is of classes, or of splits.

    Pictures that lie beside the only folder, fewer than are in it, do not make it a class.
    """
    depth = 0
    inside = list(pictures)
    while (top := _only_folder(inside, depth)) is not None:
        inside = [path for path in inside if len(path.parts) > depth + 1]
        deeper = [path.parent for path in inside if len(path.parts) > depth + 2]
        direct = len(inside) - len(deeper)
        # A few pictures beside many folders are strays; a folder or two beside pictures belong to their class.
        if split_named(top) is not None or not deeper or (direct and (4 * direct > len(deeper) or len({*deeper}) < 2)):
            break
        depth += 1
    return depth


def strays(pictures: Sequence[PurePosixPath]) -> set[PurePosixPath]:
    """Pictures in folders such as ``docs``, beside folders of folders or much larger ones: they illustrate, they are
    no class."""
    depth = 0
    while _only_folder(pictures, depth) is not None:
        depth += 1
    tops: dict[str, list[PurePosixPath]] = {}
    for path in pictures:
        tops.setdefault(path.parts[depth] if len(path.parts) > depth + 1 else "", []).append(path)
    nested = {top for top, paths in tops.items() if top and all(len(path.parts) > depth + 2 for path in paths)}
    few = {top for top, paths in tops.items() if len(paths) <= 5 and 8 * len(paths) <= len(pictures)}
    folders = {top: len(paths) for top, paths in tops.items() if top}
    lone = {top for top, count in folders.items() if count == 1}
    if len(lone) == 1 and len(folders) > 2:  # each of two classes or more has several pictures
        few |= lone
    aside = (tops.keys() - nested if nested else set()) | few
    return {path for top in aside if top.casefold() in _ILLUSTRATIONS for path in tops[top]}


def _only_folder(pictures: Sequence[PurePosixPath], depth: int) -> str | None:
    tops = Counter(path.parts[depth] if len(path.parts) > depth + 1 else "" for path in pictures)
    loose = tops.pop("", 0)
    (top, held), *others = tops.most_common(2) or [("", 0)]
    return top if held > loose and not others else None
