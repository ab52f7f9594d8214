"""A dataset out to other tools: one function; each layout in its own file."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats import csv_list, edge_impulse, folders
from whatsit.datasets.formats.entry import Entry
from whatsit.errors import DataError
from whatsit.files import cannot_write
from whatsit.parallel import Progress

__all__ = ["ExportReport", "Layout", "export"]


class Layout(StrEnum):
    """How an export is laid out."""

    FOLDER = "folder"
    """``<label>/<file>``, as in the project."""
    SPLIT = "split"
    """``train|validation|test/<label>/<file>``."""
    EDGE_IMPULSE = "edge-impulse"
    """``training|testing/<file>`` and ``info.labels``."""
    CSV = "csv"
    """``<label>/<file>`` and ``labels.csv`` of path, label, split."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The end of an export."""

    pictures: int
    """How many were written."""
    left_out: tuple[str, ...] = ()
    """Keys of those that cannot be read; they stayed behind."""


_OTHER_ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tbz2", ".tgz", ".txz", ".xz", ".zst")
_LAYOUTS: dict[Layout, Callable[[Iterable[Picture]], Iterator[Entry]]] = {
    Layout.FOLDER: folders.by_class,
    Layout.SPLIT: folders.by_split,
    Layout.EDGE_IMPULSE: edge_impulse.entries,
    Layout.CSV: csv_list.entries,
}


def export(
    dataset: Dataset, target: Path, layout: Layout | str = Layout.SPLIT, progress: Progress | None = None
) -> ExportReport:
    """Write every readable picture, byte for byte, to a new folder, or an archive if ``target`` ends in .zip.

    The export appears under its name only when it is whole. Pictures in ``_unlabelled`` go along.

    Raises:
        DataError: there is something at ``target`` already or it lies in the dataset itself, no such layout, or the
            disk is full; nothing is left behind then.
    """
    try:
        entries = _LAYOUTS[Layout(layout)]
    except ValueError as error:
        raise DataError(f"layout {layout!r}: expected one of {', '.join(Layout)}") from error
    is_zip = target.suffix.lower() == ".zip"
    if target.suffix.lower() in _OTHER_ARCHIVES:
        raise DataError(f"{target}: expected the name of a folder, or one that ends in .zip")
    if target.resolve().is_relative_to(dataset.root.resolve()):
        raise DataError(f"{target}: lies in the dataset itself; choose a place outside {dataset.root}")
    dataset.refresh()
    pictures = dataset.pictures()
    readable = [picture for picture in pictures if not picture.error]
    try:
        if target.is_dir() and not is_zip and not any(target.iterdir()):
            target.rmdir()
        if target.exists():
            raise DataError(f"{target}: is there already; choose another name or delete it first")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", suffix=".tmp", dir=target.parent))
    except OSError as error:
        raise cannot_write(target, error) from error
    try:
        whole = temporary / "whole"
        write = _write_zip if is_zip else _write_folder
        count = write(whole, _once(entries(readable)), len(readable), progress)
        os.replace(whole, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return ExportReport(count, tuple(picture.key for picture in pictures if picture.error))


def _once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries; two of one path would leave one of them out of the export."""
    taken: set[str] = set()
    for entry in entries:
        if entry.path in taken:
            raise DataError(f"cannot export: two pictures would be {entry.path}; rename one, or choose another layout")
        taken.add(entry.path)
        yield entry


def _write_folder(target: Path, entries: Iterable[Entry], total: int, progress: Progress | None) -> int:
    target.mkdir()
    count = 0
    for entry in entries:
        path = target / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.picture is None:
            path.write_bytes(entry.content)
            continue
        shutil.copyfile(entry.picture, path)
        count += 1
        if progress is not None:
            progress(count, total)
    return count


def _write_zip(target: Path, entries: Iterable[Entry], total: int, progress: Progress | None) -> int:
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            # A fixed date: the same dataset gives the same archive. Pictures do not shrink; they are stored.
            info = zipfile.ZipInfo(entry.path, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            archive.writestr(info, entry.content if entry.picture is None else entry.picture.read_bytes())
            if entry.picture is not None:
                count += 1
                if progress is not None:
                    progress(count, total)
    return count
