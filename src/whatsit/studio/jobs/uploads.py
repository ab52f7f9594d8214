"""Files on their way from a page into the dataset: received in pieces, then given to the importers."""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from typing_extensions import TypedDict

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats.importing import (
    FilesSource,
    ImportReport,
    Skip,
    import_from,
    import_path,
    list_endings,
)
from whatsit.datasets.formats.source import MAX_ENTRIES, MAX_TOTAL, ZIP_ENDINGS
from whatsit.datasets.label import safe_file_name
from whatsit.datasets.skip import by_reason
from whatsit.errors import DataError, SourceError
from whatsit.files import beneath
from whatsit.parallel import Progress
from whatsit.studio.jobs.background import BackgroundView

MOST_OPEN = 8
"""Uploads at a time; a further one takes the place of one that was abandoned, and is refused where there is none."""
ABANDONED_SECONDS = 600.0
"""An upload that received nothing for so long can be forgotten."""
_RESERVE = 2**26
"""Bytes of the disk that stay free."""
_EXAMPLES = 5
_GROUPS = 100


class ReasonGroup(TypedDict):
    """Files that were skipped or changed for the same reason."""

    reason: str
    n: int
    paths: list[str]
    """The first few."""


class ImportReportView(TypedDict):
    """What an import did, for the page."""

    added: int
    present: int
    """Pictures that the dataset had already."""
    labels: list[str]
    read_as: list[str]
    """What was made of each source: its layout, its splits, its classes."""
    skipped: list[ReasonGroup]
    notes: list[ReasonGroup]
    """Files that were changed on import."""


class ImportView(BackgroundView):
    """How far the import is, and the report of the last one."""

    report: ImportReportView | None


@dataclass
class _Upload:
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    """The path that the page gave, which is never used as a path here -> where its bytes are."""
    size: int = 0
    heard: float = 0.0
    """When its last piece arrived."""


class Uploads:
    """What pages are sending.

    An upload that received nothing for ``ABANDONED_SECONDS`` is forgotten when another needs its place; one that is
    being read stays until its reader is done; at the next start all are gone.

    Args:
        folder: where their bytes are kept; what lies there is removed.
        clock: the time in seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._guard = threading.Lock()
        self._open: dict[str, _Upload] = {}
        self._read: dict[str, _Upload] = {}
        beneath.remove_tree(folder)

    def begin(self) -> str:
        """Open an upload.

        Returns:
            Its id, 16 hexadecimal digits.

        Raises:
            DataError: as many as possible are under way, or the disk cannot be written.
        """
        with self._guard:
            if len(self._open) >= MOST_OPEN:
                self._forget_abandoned()
            upload_id = secrets.token_hex(8)
            folder = self._folder / upload_id
            try:
                beneath.make_folder(folder)
            except OSError as error:
                raise DataError(f"cannot make {folder}: {error.strerror}; free some space") from error
            self._open[upload_id] = _Upload(folder, heard=self._clock())
            return upload_id

    def add(self, upload_id: str, path: str, at: int, content: bytes) -> None:
        """Store one piece of a file; sending the same piece again is allowed.

        Args:
            path: the page's name or relative path of the file.
            at: the piece's offset in the file, in bytes; pieces come in order.

        Raises:
            DataError: no such upload, an earlier piece is missing, the upload is too large, or the disk is full.
        """
        with self._guard:
            upload = self._find(upload_id)
            upload.heard = self._clock()
            if len(path) > 1000 or (path not in upload.files and len(upload.files) >= MAX_ENTRIES):
                raise DataError(f"upload: at most {MAX_ENTRIES:,} files, with paths of at most 1,000 characters")
            file = upload.files.setdefault(path, upload.folder / str(len(upload.files)))
            held = file.stat().st_size if file.exists() else 0
            if not 0 <= at <= held:
                raise DataError(f"upload of {path!r}: byte {at:,} came before byte {held:,}; send it again")
            upload.size += at + len(content) - held
            if upload.size > MAX_TOTAL or shutil.disk_usage(upload.folder).free < len(content) + _RESERVE:
                raise DataError(f"upload of {path!r}: no room for it on the disk; free some space")
            try:
                with os.fdopen(beneath.opened(file, os.O_RDWR | os.O_CREAT), "r+b") as stream:
                    stream.seek(at)
                    stream.write(content)
                    stream.truncate()
            except OSError as error:
                raise DataError(f"upload of {path!r}: {error.strerror}; free some space") from error

    def take(self, upload_id: str) -> dict[str, Path]:
        """Begin to read an upload: until ``done`` nothing is added to it, and it is not cancelled or forgotten.

        Returns:
            The page's path of each file -> where its bytes are.

        Raises:
            DataError: there is no such upload, or it is being read.
        """
        with self._guard:
            upload = self._find(upload_id)
            self._read[upload_id] = self._open.pop(upload_id)
            return dict(upload.files)

    def put_back(self, upload_id: str) -> None:
        """Make an upload that was taken as it was before."""
        with self._guard:
            self._open[upload_id] = self._read.pop(upload_id)

    def done(self, upload_id: str) -> None:
        """Forget an upload that was taken, and its files."""
        with self._guard:
            beneath.remove_tree(self._read.pop(upload_id).folder)

    def remove(self, upload_id: str) -> None:
        """Forget an upload and its files, if there is one.

        Raises:
            DataError: it is being read.
        """
        with self._guard:
            self._check_unread(upload_id)
            if upload_id in self._open:
                self._forget(upload_id)

    def close(self) -> None:
        """Forget every upload."""
        beneath.remove_tree(self._folder)

    def _find(self, upload_id: str) -> _Upload:
        self._check_unread(upload_id)
        if upload_id not in self._open:
            raise DataError(f"upload {upload_id}: not open any more; begin again")
        return self._open[upload_id]

    def _check_unread(self, upload_id: str) -> None:
        if upload_id in self._read:
            raise DataError(f"upload {upload_id}: is being imported; stop the import to end it")

    def _forget_abandoned(self) -> None:
        upload_id, oldest = min(self._open.items(), key=lambda item: item[1].heard)
        if self._clock() - oldest.heard < ABANDONED_SECONDS:
            raise DataError(f"{MOST_OPEN} uploads are under way; try again when one of them is done")
        self._forget(upload_id)

    def _forget(self, upload_id: str) -> None:
        beneath.remove_tree(self._open.pop(upload_id).folder)


def import_files(dataset: Dataset, files: Mapping[str, Path], label: str, progress: Progress) -> ImportReportView:
    """Import uploaded files: archives one by one, all others together.

    Args:
        files: the page's path -> where its bytes are.
        label: the class of pictures without a folder; empty: they get none.

    Returns:
        The report, for the page. It lists what could not be imported; that raises nothing.

    Raises:
        DataError: the label cannot be used, the project is in use elsewhere, or the disk is full.
    """
    if label:
        dataset.check_new_label(label)
    archives = {path: file for path, file in files.items() if path.lower().endswith(ZIP_ENDINGS)}
    others = {path: file for path, file in files.items() if path not in archives}
    loose = {path: file for path, file in others.items() if "/" not in path}
    # A text file can be anything: beside pictures it does not stand for their labels.
    lists = tuple(ending for ending in list_endings() if ending != ".txt")
    if not label or any(path.lower().endswith(lists) for path in loose):
        loose = {}
    rest = {path: file for path, file in others.items() if path not in loose}
    steps: list[Callable[[Progress], ImportReport]] = [
        partial(_import_archive, dataset, path, file) for path, file in archives.items()
    ]
    steps += [partial(_import_files, dataset, some, name) for some, name in ((loose, label), (rest, None)) if some]
    reports = []
    with dataset.gathered():
        for number, step in enumerate(steps):

            def part(done: int, total: int, before: int = number) -> None:
                progress(before * 1000 + done * 1000 // max(1, total), len(steps) * 1000)

            reports.append(step(part))
    return _view(reports)


def _import_archive(dataset: Dataset, path: str, file: Path, progress: Progress) -> ImportReport:
    # Importers recognise an archive by its name's ending, and name a class after it if it has no folders.
    name = PurePosixPath(path).name
    named = file.with_name(f"{file.name}.archive") / safe_file_name(name, Path(name).suffix)
    beneath.make_folder(named.parent)
    beneath.replace(file, named)
    try:
        return import_path(dataset, named, progress=progress)
    except SourceError as error:
        return ImportReport(skips=(Skip(path, error.on_page.replace(str(named), name)),))


def _import_files(dataset: Dataset, files: Mapping[str, Path], label: str | None, progress: Progress) -> ImportReport:
    try:
        return import_from(dataset, FilesSource(files), label=label, progress=progress)
    except SourceError as error:
        endings = list_endings()
        lists = [path for path in files if path.lower().endswith(endings)]
        return ImportReport(skips=(Skip(next(iter(lists or files)), error.on_page),))


def _view(reports: list[ImportReport]) -> ImportReportView:
    report = ImportReport.together(reports)
    return {
        "added": report.added,
        "present": report.present,
        "labels": list(report.labels),
        "read_as": list(report.read_as),
        "skipped": _grouped(report.skips),
        "notes": _grouped(report.notes),
    }


def _grouped(skips: Sequence[Skip]) -> list[ReasonGroup]:
    return [
        {"reason": group.reason, "n": len(group.paths), "paths": list(group.paths[:_EXAMPLES])}
        for group in by_reason(skips)[:_GROUPS]
    ]
