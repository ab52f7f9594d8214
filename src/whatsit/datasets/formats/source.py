"""Where pictures come from: a folder, a zip archive or dropped files, each read with the same suspicion."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol, TypeAlias

from whatsit.datasets.label import is_text
from whatsit.errors import DataError, SourceError
from whatsit.imaging.image import MAX_BYTES

MAX_ENTRIES = 200_000
MAX_TOTAL = 2**35
"""32 GiB unpacked from one archive."""
MAX_RATIO = 100
"""Unpacked bytes for each packed one; pictures are compressed already and stay near 1."""
_SMALL = 2**20
_MAX_DIRECTORY = 2**25
ARCHIVES = frozenset({".zip", ".tm", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"})
ARCHIVE_INSIDE = "archive inside; unpack it and import it by itself"
_LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Skip:
    """One thing in a source that did not arrive, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Contents:
    """What a source holds: paths with ``/`` between their parts, never ``..``, and what was refused."""

    name: str
    """The folder's or archive's own name, without an archive's ending."""
    paths: list[str] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


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


class FolderSource:
    """A folder on this machine. Links are never followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "FolderSource":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def contents(self) -> Contents:
        found = Contents(self._folder.resolve().name)

        def unreadable(error: OSError) -> None:
            inner = Path(error.filename).relative_to(self._folder).as_posix()
            if inner == ".":
                raise SourceError(f"{self._folder}: cannot be read: {error.strerror}") from error
            name = os.fsencode(inner).decode(errors="replace")
            found.skips.append(Skip(name, f"folder cannot be read: {error.strerror}"))

        for folder, folders, files in os.walk(self._folder, onerror=unreadable):
            folders.sort()
            for name in [*folders, *sorted(files)]:
                path = Path(folder) / name
                inner = path.relative_to(self._folder).as_posix()
                if not is_text(inner):
                    found.skips.append(Skip(os.fsencode(inner).decode(errors="replace"), "name is not UTF-8"))
                elif name not in folders:
                    _sort(found, inner, _refused_file(path))
                elif reason := _refused_file(path):
                    found.skips.append(Skip(inner, reason))
                elif _is_litter(name):
                    reason = "left by another program" if name in _LITTER else "hidden folder"
                    found.skips.append(Skip(inner, reason))
            folders[:] = [f for f in folders if not _is_litter(f) and not _refused_file(Path(folder) / f)]
            if len(found.paths) > MAX_ENTRIES:
                raise SourceError(f"{self._folder}: more than {MAX_ENTRIES:,} files; import its parts one by one")
        return found

    def read(self, path: str) -> bytes:
        return _read_file(self._folder / path)


Dropped: TypeAlias = "bytes | Path"
"""A file's bytes, or where they have been put for now."""


class FilesSource:
    """Single files, by the name or relative path a browser or a command line gave them."""

    def __init__(self, files: Mapping[str, Dropped], name: str = "") -> None:
        self._name = name
        self._files = dict(files)

    def __enter__(self) -> "FilesSource":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def contents(self) -> Contents:
        found = Contents(self._name)
        for path in sorted(self._files):
            _sort(found, path, _unsafe(path))
        return found

    def read(self, path: str) -> bytes:
        file = self._files[path]
        if isinstance(file, Path):
            return _read_file(file)
        if len(file) > MAX_BYTES:
            raise DataError(f"{len(file):,} bytes, more than the {MAX_BYTES:,} allowed for one picture")
        return file


class ZipSource:
    """A zip archive, its directory checked before anything is unpacked; nothing is ever unpacked to a path.

    Raises:
        SourceError: not a zip archive, or one with more entries, bytes or packing than pictures can need.
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
        if total > MAX_TOTAL or (total > 64 * _SMALL and total > MAX_RATIO * packed):
            raise SourceError(f"{self._path}: would unpack {packed:,} bytes to {total:,}; this looks like a bomb")
        found = Contents(archive_stem(self._path.name))
        for entry in sorted(entries, key=lambda entry: entry.filename):
            path = _plain(entry.filename)
            if path.endswith("/"):
                continue
            reason = _unsafe(path) or _refused_entry(entry)
            if not reason and path in self._entries:
                reason = "the archive has this name twice"
            if not reason:
                self._entries[path] = entry
            _sort(found, entry.filename if reason else path, reason)
        return found

    def read(self, path: str) -> bytes:
        entry = self._entries[path]
        try:
            with self._zip.open(entry) as stream:
                # The directory's size may lie: never more than it said, and zlib stops where it should.
                content = stream.read(entry.file_size + 1)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError) as error:
            raise DataError(f"damaged in the archive: {error}") from error
        if len(content) != entry.file_size:
            raise DataError("damaged in the archive: not as long as its directory says")
        return content


def open_source(path: Path) -> Source:
    """The source for a folder, a zip archive (``.zip``, ``.tm``) or a single picture.

    Raises:
        SourceError: there is nothing there, or an archive that is not a zip.
    """
    if path.is_dir():
        return FolderSource(path)
    if not path.is_file():
        raise SourceError(f"{path}: no such file or folder")
    if path.suffix.lower() in (".zip", ".tm"):
        return ZipSource(path)
    if path.suffix.lower() in ARCHIVES:
        raise SourceError(f"{path}: only zip archives can be imported; unpack it and import the folder")
    return FilesSource({path.name: path})


def archive_stem(name: str) -> str:
    """``Class 1`` for ``Class 1-samples.zip`` and for the ``Class 1-samples (2).zip`` a browser makes of it."""
    stem = Path(name).stem
    head, bracket, tail = stem.rpartition(" (")
    if bracket and tail.rstrip(")").isdigit():
        stem = head
    return stem.removesuffix("-samples")


def _sort(found: Contents, path: str, reason: str) -> None:
    parts = PurePosixPath(path).parts
    if reason:
        found.skips.append(Skip(path, reason))
    elif any(map(_is_litter, parts)):
        found.skips.append(Skip(path, "left by another program"))
    elif Path(path).suffix.lower() in ARCHIVES:
        found.skips.append(Skip(path, ARCHIVE_INSIDE))
    else:
        found.paths.append(path)


def _is_litter(name: str) -> bool:
    return name in _LITTER or name.startswith(".")


def _plain(path: str) -> str:
    # Some archivers on Windows keep its separator, some elsewhere begin at the folder they stand in.
    return "/".join(part for part in path.replace("\\", "/").split("/") if part != ".")


def _unsafe(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ".." in parts or "" in parts or "." in parts or ":" in parts[0]:
        return "path that points out of its folder"
    if not is_text(path) or any(ord(c) < 32 for c in path):
        return "name with control characters"
    return ""


def _refused_entry(entry: zipfile.ZipInfo) -> str:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "link" if stat.S_ISLNK(mode) else "not a file"
    if entry.flag_bits & 1:
        return "encrypted"
    if entry.file_size > MAX_BYTES:
        return f"{entry.file_size:,} bytes, more than the {MAX_BYTES:,} allowed"
    if entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
        return f"packed more than {MAX_RATIO} times; this looks like a bomb"
    return ""


def _directory_size(path: Path) -> int:
    # Read before zipfile does: it builds an object of every entry, and a directory can hold millions.
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


def _read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(f"{size:,} bytes, more than the {MAX_BYTES:,} allowed for one picture")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error


def _refused_file(path: Path) -> str:
    try:
        if path.is_symlink():
            return "link"
        return "" if path.is_file() or path.is_dir() else "not a file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
