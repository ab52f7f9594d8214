"""Every file below a folder, and what is there that is not used: the one walk of ``teach``, ``classify``, imports and
the dataset."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from whatsit.datasets.label import SYSTEM_NAMES, is_text
from whatsit.errors import SourceError
from whatsit.files.spill import in_order

_ASIDE = frozenset({"thumbs", "thumb", "thumbnails", "thumbnail", "__thumb"})


class Refusal(StrEnum):
    """Why something in a folder is not used."""

    LINK = "link"
    """A link that is not followed, does not lead anywhere, or leads back to a folder around it."""
    SPECIAL = "not a file"
    """A FIFO, a socket or a device."""
    HIDDEN = "hidden"
    """A name that begins with a dot."""
    LEFT_BY_OTHERS = "left by another program"
    """What file managers and archivers leave behind."""
    NAME = "name is not UTF-8"
    NESTED = "folder too deep"
    """A folder below the last level that was asked for."""
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One thing below the root: a regular file, or something that is not used."""

    path: Path
    parts: tuple[str, ...]
    """The path below the root, part by part."""
    refusal: Refusal | None = None
    """None for a regular file to be used."""
    is_folder: bool = False
    size: int = 0
    """Bytes; 0 where ``refusal`` is set."""
    mtime_ns: int = 0
    detail: str = ""
    """What the system said, where it said something."""

    @property
    def inner(self) -> str:
        """The path below the root as text that can be shown and stored."""
        return os.fsencode("/".join(self.parts)).decode(errors="replace")

    @property
    def reason(self) -> str:
        """The refusal for a person."""
        kind = "folder" if self.is_folder else "file"
        if self.refusal is Refusal.HIDDEN:
            return f"hidden {kind}"
        what = f"folder {self.refusal}" if self.refusal is Refusal.UNREADABLE and self.is_folder else f"{self.refusal}"
        return f"{what}: {self.detail}" if self.detail else what


def walk(root: Path, *, strict: bool = True, depth: int | None = None) -> Iterator[TreeEntry]:
    """Everything below ``root`` in the order of its parts: regular files, and one entry for each thing not used.

    Folders themselves are not listed unless they are not entered. What a folder that is not entered holds is not
    listed.

    Args:
        root: the folder; may itself be a link.
        strict: refuse links and names that are not UTF-8, for files that will be copied or kept. False, for files of
            the user's own that are only read: follow links, as torchvision's ``ImageFolder`` does, and take any name.
        depth: how many levels of files to list: 1 for the files in ``root`` alone; None for all.

    Raises:
        SourceError: ``root`` cannot be listed.
    """
    seen = frozenset() if strict else frozenset({_identity(root)})
    for entry in _walk(root, (), strict, depth, seen):
        if not entry.parts:
            raise SourceError(f"{root}: cannot be read: {entry.detail}")
        yield entry


def name_refusal(name: str) -> Refusal | None:
    """Why something of this name is not used, wherever it is; None for most names."""
    if name.casefold() in SYSTEM_NAMES or name.startswith("._"):  # macOS keeps a file's attributes in "._name"
        return Refusal.LEFT_BY_OTHERS
    return Refusal.HIDDEN if name.startswith(".") else None


def is_aside(folder: str) -> bool:
    """True for the name of a folder that, inside a class, holds what a program put aside: ``_small``, ``thumbs``."""
    return folder.startswith("_") or folder.casefold() in _ASIDE


def _walk(
    folder: Path, parts: tuple[str, ...], strict: bool, depth: int | None, around: frozenset[tuple[int, int]]
) -> Iterator[TreeEntry]:
    try:
        with os.scandir(folder) as found:
            names = in_order(entry.name for entry in found)
    except OSError as error:
        yield TreeEntry(folder, parts, Refusal.UNREADABLE, True, detail=error.strerror or str(error))
        return
    for name in names:
        path, inner = folder / name, (*parts, name)
        try:
            status = path.stat(follow_symlinks=not strict)
        except OSError as error:
            problem = Refusal.LINK if os.path.islink(path) else Refusal.UNREADABLE  # noqa: PTH114 - never raises
            yield TreeEntry(path, inner, problem, detail=error.strerror or str(error))
            continue
        is_folder = stat.S_ISDIR(status.st_mode)
        refusal = _refusal(name, status, strict)
        if refusal is None and is_folder:
            identity = (status.st_dev, status.st_ino)
            if depth is not None and len(inner) >= depth:
                refusal = Refusal.NESTED
            elif identity in around:
                refusal = Refusal.LINK
            else:
                yield from _walk(path, inner, strict, depth, around if strict else around | {identity})
                continue
        if refusal is not None:
            yield TreeEntry(path, inner, refusal, is_folder)
        else:
            yield TreeEntry(path, inner, size=status.st_size, mtime_ns=status.st_mtime_ns)


def _refusal(name: str, status: os.stat_result, strict: bool) -> Refusal | None:
    if (refusal := name_refusal(name)) is not None:
        return refusal
    if strict and not is_text(name):
        return Refusal.NAME
    if stat.S_ISLNK(status.st_mode):
        return Refusal.LINK
    return None if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) else Refusal.SPECIAL


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError as error:
        raise SourceError(f"{folder}: cannot be read: {error.strerror}") from error
    return status.st_dev, status.st_ino
