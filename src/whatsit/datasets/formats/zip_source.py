"""A zip archive as a source: its directory is checked before anything is unpacked, and no file is unpacked to disk."""

import os
import stat
import struct
import zipfile
import zlib
from functools import partial
from pathlib import Path

from whatsit.datasets.formats.source import MAX_ENTRIES, MAX_TOTAL, Contents, unsafe_path
from whatsit.datasets.formats.zip_names import names_of
from whatsit.datasets.skip import Skip
from whatsit.errors import DataError, SourceError
from whatsit.imaging.image import MAX_BYTES
from whatsit.imaging.picture_format import HEAD

_MAX_RATIO = 100
"""Unpacked bytes per packed byte; pictures are compressed already and stay near 1."""
_SMALL = 2**20
_MAX_DIRECTORY = 2**25


class ZipSource:
    """A zip archive (PKWARE APPNOTE), ZIP64 included.

    Raises:
        SourceError: not a zip archive, or its directory is larger than one of pictures can be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            size = _directory_size(path)
            if size > _MAX_DIRECTORY:
                raise SourceError(
                    f"{path}: a directory of {size:,} bytes, {_MAX_DIRECTORY:,} at most; split the archive"
                )
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SourceError(f"{path}: not a zip archive that can be read: {reason}") from error
        self._entries: dict[str, zipfile.ZipInfo] = {}

    def __enter__(self) -> "ZipSource":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def contents(self) -> Contents:
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise SourceError(f"{self._path}: {len(entries):,} entries, {MAX_ENTRIES:,} at most; split the archive")
        total, packed = sum(entry.file_size for entry in entries), self._path.stat().st_size
        if total > MAX_TOTAL or (total > 64 * _SMALL and total > _MAX_RATIO * packed):
            raise SourceError(f"{self._path}: would unpack {packed:,} bytes to {total:,}; this looks like a zip bomb")
        found = Contents(archive_stem(self._path.name))
        names, encodings = names_of(entries)
        if encodings:
            strange = next(name for name in names.values() if not name.isascii())
            others = f" as {' or '.join(encodings[1:4])} they are text too;" if encodings[1:] else ""
            found.notes.append(
                Skip(
                    strange,
                    f"names without an encoding were read as {encodings[0]};{others} if they look wrong, "
                    "unpack the archive and import the folder",
                )
            )
        for place in sorted(names, key=lambda place: names[place]):
            entry, path = entries[place], _plain(names[place])
            if path.endswith("/"):
                continue
            reason = unsafe_path(path) or _refused_entry(entry)
            if not reason and path in self._entries:
                reason = "the archive has this name twice"
            if not reason:
                self._entries[path] = entry
            found.add(names[place] if reason else path, reason, partial(self._head, entry))
        return found

    def _head(self, entry: zipfile.ZipInfo) -> bytes:
        try:
            with self._zip.open(entry) as stream:
                return stream.read(HEAD)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError, NotImplementedError):
            return b""

    def read(self, path: str) -> bytes:
        entry = self._entries[path]
        try:
            with self._zip.open(entry) as stream:
                # The size in the directory can be a lie: never read more than it says.
                content = stream.read(entry.file_size + 1)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError) as error:
            raise DataError(f"damaged in the archive: {error}") from error
        if len(content) != entry.file_size:
            raise DataError("damaged in the archive: not as long as its directory says")
        return content


def archive_stem(name: str) -> str:
    """``Class 1`` for ``Class 1-samples.zip`` and for the ``Class 1-samples (2).zip`` a browser makes of it."""
    stem = Path(name).stem
    head, bracket, tail = stem.rpartition(" (")
    if bracket and tail.rstrip(")").isdigit():
        stem = head
    return stem.removesuffix("-samples")


def _plain(path: str) -> str:
    # Some archivers on Windows write its separator, others begin every path with "./".
    return "/".join(part for part in path.replace("\\", "/").split("/") if part != ".")


def _refused_entry(entry: zipfile.ZipInfo) -> str:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "link" if stat.S_ISLNK(mode) else "not a file"
    if entry.flag_bits & 1:
        return "encrypted"
    if entry.file_size > MAX_BYTES:
        return f"{entry.file_size:,} bytes, more than the {MAX_BYTES:,} allowed"
    if entry.file_size > _SMALL and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
        return f"packed more than {_MAX_RATIO} times; this looks like a zip bomb"
    return ""


def _directory_size(path: Path) -> int:
    # Before zipfile reads the directory: it makes an object of every entry, and there can be millions.
    with path.open("rb") as stream:
        length = stream.seek(0, os.SEEK_END)
        start = max(0, length - 2**16 - 22)
        stream.seek(start)
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            raise zipfile.BadZipFile("it has no directory")
        size = int(struct.unpack_from("<L", tail, at + 12)[0])
        locator = tail.rfind(b"PK\x06\x07", 0, at)
        if locator >= 0:
            stream.seek(struct.unpack_from("<Q", tail, locator + 8)[0])
            size = max(size if size != 2**32 - 1 else 0, struct.unpack_from("<Q", stream.read(56), 40)[0])
        return size
