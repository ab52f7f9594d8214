"""Finding out what is in the dataset's folders now, reading only the files that changed."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from whatsit.datasets.dismissed import JUDGED_FILE
from whatsit.datasets.fingerprint import Fingerprint, fingerprint
from whatsit.datasets.index import Index
from whatsit.datasets.label import is_text, label_of
from whatsit.datasets.splits_csv import SPLITS_FILE
from whatsit.errors import ImageError
from whatsit.imaging.image import SUFFIXES, read_picture_file
from whatsit.parallel import Progress

_LITTER = frozenset({"Thumbs.db", "desktop.ini"})
_BATCH = 256
"""Pictures decoded between two commits: an interrupted scan loses no more than these."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a scan found different from the index."""

    added: tuple[str, ...] = ()
    """Keys, ``<folder>/<file>``, of files that are new or have other bytes now."""
    removed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Links, folders in folders and names that are not text: left alone, never followed."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class _File:
    key: str
    label: str
    path: str
    size: int
    mtime_ns: int


def scan(root: Path, index: Index, progress: Progress | None = None) -> Changes:
    """Bring the index's files and fingerprints up to the folders under ``root``.

    A file is read again where its size or modification time changed, and decoded only where its content
    is new. The caller holds the project's lock.
    """
    known = {key: (size, mtime) for key, size, mtime in index.rows("SELECT key, size, mtime_ns FROM files")}
    skipped: list[str] = []
    files = list(_files(root, skipped))
    present = {file.key for file in files}
    new = [file for file in files if known.get(file.key) != (file.size, file.mtime_ns)]
    removed = tuple(sorted(key for key in known if key not in present))
    if removed:
        index.drop_files(removed)
    added: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for done, batch in _batches(new):
            read = [item for item in pool.map(_hashed, batch) if item is not None]
            _remember_fingerprints(index, pool, ((hash_, file.path) for file, hash_ in read))
            index.put_files((file.key, file.label, hash_, file.size, file.mtime_ns) for file, hash_ in read)
            added.extend(file.key for file, _ in read)
            if progress is not None:
                progress(done, len(new))
    return Changes(tuple(sorted(added)), removed, tuple(sorted(skipped)))


def ignored(root: Path) -> list[str]:
    """What lies under ``root`` and counts for nothing: loose files, folders in folders, other formats, links."""
    found: list[str] = []
    list(_files(root, found))
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name.startswith(".") or folder.is_symlink() or folder.name in (SPLITS_FILE, JUDGED_FILE):
            continue
        if not folder.is_dir():
            found.append(folder.name)
            continue
        found += [
            f"{folder.name}/{entry.name}"
            for entry in folder.iterdir()
            if not entry.name.startswith(".") and (entry.is_dir() or entry.suffix.lower() not in SUFFIXES)
        ]
    return sorted({os.fsencode(name).decode(errors="replace") for name in found if Path(name).name not in _LITTER})


def _remember_fingerprints(index: Index, pool: ThreadPoolExecutor, found: Iterable[tuple[str, str]]) -> None:
    paths = dict(found)
    unknown = [hash_ for hash_ in paths if not index.rows("SELECT 1 FROM fingerprints WHERE hash = ?", (hash_,))]
    if unknown:
        made = pool.map(_fingerprint_of, (paths[hash_] for hash_ in unknown))
        index.put_fingerprints(zip(unknown, made, strict=True))


def _files(root: Path, skipped: list[str]) -> Iterator[_File]:
    if not root.is_dir():
        return
    for folder in sorted(os.scandir(root), key=lambda entry: entry.name):
        _remove_leftover(folder)
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if folder.is_symlink() or not is_text(folder.name):
            skipped.append(os.fsencode(folder.name).decode(errors="replace"))
            continue
        label = label_of(folder.name)
        for entry in sorted(os.scandir(folder.path), key=lambda entry: entry.name):
            _remove_leftover(entry)
            if entry.name.startswith(".") or Path(entry.name).suffix.lower() not in SUFFIXES:
                continue
            key = f"{folder.name}/{entry.name}"
            if entry.is_symlink() or not entry.is_file() or not is_text(entry.name):
                skipped.append(os.fsencode(key).decode(errors="replace"))
                continue
            status = entry.stat()
            yield _File(key, label, entry.path, status.st_size, status.st_mtime_ns)


def _remove_leftover(entry: os.DirEntry[str]) -> None:
    # A write that was killed before it took its name; the lock says that nobody is writing it still.
    if entry.name.startswith(".") and entry.name.endswith(".tmp") and entry.is_file(follow_symlinks=False):
        Path(entry.path).unlink(missing_ok=True)


def _hashed(file: _File) -> tuple[_File, str] | None:
    try:
        with Path(file.path).open("rb") as stream:
            return file, hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:  # gone again since the folder was read
        return None


def _fingerprint_of(path: str) -> Fingerprint:
    try:
        return fingerprint(read_picture_file(path))
    except ImageError as error:
        return Fingerprint(error=str(error))


def _batches(files: list[_File]) -> Iterator[tuple[int, list[_File]]]:
    iterator, done = iter(files), 0
    while batch := list(islice(iterator, _BATCH)):
        done += len(batch)
        yield done, batch
