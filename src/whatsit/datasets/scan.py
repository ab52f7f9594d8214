"""Finding out what is in the dataset's folders now, reading only the files that changed."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from whatsit.datasets.fingerprint import Fingerprint, fingerprint
from whatsit.datasets.folder_tree import Refusal, TreeEntry, walk
from whatsit.datasets.index import Index
from whatsit.datasets.label import RECORD_FILES, label_of
from whatsit.errors import DataError, ImageError
from whatsit.files import beneath
from whatsit.imaging.image import read_picture_file, room_for_file
from whatsit.imaging.picture_format import is_picture_name
from whatsit.parallel import Progress

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
    left_alone: tuple[str, ...] = ()
    """Of these the links, FIFOs, sockets and devices, each with what it is."""

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
    skipped: list[TreeEntry] = []
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
    left_alone = (f"{one.inner}: {one.reason}" for one in skipped if one.refusal in (Refusal.LINK, Refusal.SPECIAL))
    skips = tuple(sorted(one.inner for one in skipped))
    return Changes(tuple(sorted(added)), removed, skips, tuple(sorted(left_alone)))


def ignored(root: Path) -> list[str]:
    """What lies under ``root`` and is not used: files outside the classes, folders in folders, other formats, links."""
    silent = (Refusal.HIDDEN, Refusal.LEFT_BY_OTHERS)
    return sorted(
        entry.inner
        for entry in (walk(root, depth=2) if root.is_dir() else ())
        if entry.refusal not in silent and not _is_used(entry) and entry.inner not in RECORD_FILES
    )


def _remember_fingerprints(index: Index, pool: ThreadPoolExecutor, found: Iterable[tuple[str, str]]) -> None:
    paths = dict(found)
    unknown = [hash_ for hash_ in paths if not index.rows("SELECT 1 FROM fingerprints WHERE hash = ?", (hash_,))]
    if unknown:
        made = pool.map(_fingerprint_of, (paths[hash_] for hash_ in unknown))
        index.put_fingerprints(zip(unknown, made, strict=True))


def _files(root: Path, skipped: list[TreeEntry]) -> Iterator[_File]:
    for entry in walk(root, depth=2) if root.is_dir() else ():
        if _is_used(entry):
            yield _File("/".join(entry.parts), label_of(entry.parts[0]), str(entry.path), entry.size, entry.mtime_ns)
        elif entry.refusal is Refusal.UNREADABLE:
            # Not skipped: pictures that cannot be seen for a moment must not be taken for deleted ones.
            raise DataError(f"{entry.path}: cannot be read: {entry.detail}; check its permissions")
        elif entry.refusal is Refusal.HIDDEN:
            _remove_leftover(entry)
        elif entry.refusal not in (None, Refusal.LEFT_BY_OTHERS):
            skipped.append(entry)


def _is_used(entry: TreeEntry) -> bool:
    return entry.refusal is None and len(entry.parts) == 2 and is_picture_name(entry.parts[1])


def _remove_leftover(entry: TreeEntry) -> None:
    # Of a write that was killed before the file took its name; under the project's lock nobody is still writing it.
    if entry.parts[-1].endswith(".tmp") and not entry.is_folder and not entry.path.is_symlink():
        beneath.unlink(entry.path, missing_ok=True)


def _hashed(file: _File) -> tuple[_File, str] | None:
    try:
        with os.fdopen(beneath.opened(file.path, os.O_RDONLY), "rb") as stream:
            return file, hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, DataError):  # gone again since the folder was read, or no file any more
        return None


def _fingerprint_of(path: str) -> Fingerprint:
    try:
        with room_for_file(path):
            return fingerprint(read_picture_file(path))
    except ImageError as error:
        return Fingerprint(error=str(error))


def _batches(files: list[_File]) -> Iterator[tuple[int, list[_File]]]:
    iterator, done = iter(files), 0
    while batch := list(islice(iterator, _BATCH)):
        done += len(batch)
        yield done, batch
