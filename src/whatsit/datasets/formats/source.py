"""Where pictures come from: a folder, a zip archive or single files, each read with the same limits."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, Protocol

from whatsit.datasets.folder_tree import Refusal, name_refusal
from whatsit.datasets.label import is_text
from whatsit.datasets.skip import Skip
from whatsit.imaging.picture_format import RAW_SUFFIXES, format_of, is_picture_name

MAX_ENTRIES = 200_000
MAX_TOTAL = 2**35
"""32 GiB unpacked from one archive."""
ZIP_ENDINGS = (".zip", ".tm")
ARCHIVE_ENDINGS = frozenset({*ZIP_ENDINGS, ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"})
_DRIVE = re.compile(r"[A-Za-z]:(?:/|[^/]*$)")
"""``C:/…`` and ``C:name``: Windows leaves the folder for them."""
ARCHIVE_INSIDE = "archive inside; unpack it and import it by itself"


@dataclass(slots=True)
class Contents:
    """What a source holds: paths with ``/`` between their parts, never ``..``, and what was refused."""

    name: str
    """The folder's or archive's own name, without an archive's ending."""
    paths: list[str] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    notes: list[Skip] = field(default_factory=list)
    """What was taken with a doubt, such as names of a guessed encoding."""
    named: Any = None
    """``References`` to the pictures, once a reader of lists has made them."""
    told: set[str] = field(default_factory=set)
    """Paths of pictures whose names do not say so."""

    def is_picture(self, path: str) -> bool:
        """True where the name, or the beginning of the file, is that of a picture."""
        return is_picture_name(path) or path in self.told

    def add(self, path: str, reason: str = "", head: Callable[[], bytes] | None = None) -> None:
        """Take a file in, or refuse it for ``reason``, its name, or because it is an archive.

        Args:
            path: where it is.
            reason: why it is refused, where that is known already.
            head: gives the first bytes of the file; called where its name does not say that it is a picture.
        """
        parts = path.split("/")
        refusals = [refusal for part in parts if (refusal := name_refusal(part))]
        if not reason and refusals:
            reason = "hidden file" if refusals[0] is Refusal.HIDDEN else str(refusals[0])
        if not reason and PurePosixPath(path).suffix.lower() in ARCHIVE_ENDINGS:
            reason = ARCHIVE_INSIDE
        if reason:
            self.skips.append(Skip(path, reason))
        else:
            self.paths.append(path)
            if head is None or is_picture_name(path):
                return
            if PurePosixPath(path).suffix.lower() not in RAW_SUFFIXES and format_of(head()):
                self.told.add(path)


class Source(Protocol):
    """Something that pictures can be read from; a context manager."""

    def contents(self) -> Contents:
        """List it without reading any picture.

        Raises:
            SourceError: it cannot be listed at all.
        """

    def read(self, path: str) -> bytes:
        """The bytes of one listed path, ``MAX_BYTES`` at most.

        Raises:
            DataError: it cannot be read, is too large or is damaged.
        """

    def __enter__(self) -> "Source": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def unsafe_path(path: str) -> str:
    """Why a path that came from outside cannot be used, or nothing where it can."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ".." in parts or "" in parts or "." in parts or _DRIVE.match(path):
        return "path that points out of its folder"
    if not is_text(path) or any(ord(c) < 32 for c in path):
        return "name with control characters"
    return ""
