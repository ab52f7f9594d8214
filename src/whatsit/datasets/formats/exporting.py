"""A dataset out to other tools, in a layout of the table of formats."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats import FORMATS
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format, Writer
from whatsit.datasets.formats.source import ARCHIVE_ENDINGS
from whatsit.errors import DataError
from whatsit.files import beneath, cannot_write, scratch_beside
from whatsit.imaging.image import read_picture_file
from whatsit.parallel import Progress
from whatsit.validation import instance, row
from whatsit.validation import path as checked_path

DEFAULT_LAYOUT = "split"
_ARCHIVES = ARCHIVE_ENDINGS | {".tbz2", ".txz"}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The result of an export."""

    pictures: int
    """How many were written."""
    left_out: tuple[str, ...] = ()
    """Keys of the pictures that cannot be read and were not written."""


def writable_formats() -> dict[str, Format]:
    """The layouts that can be exported, by name, in the order of the table."""
    return {name: layout for name, layout in FORMATS.items() if layout.write is not None}


def writer(layout: str) -> Writer:
    """What writes the layout of that name.

    Raises:
        DataError: there is no such layout, or it can only be imported.
    """
    write = row(FORMATS, layout, "layout").write
    if write is None:
        raise DataError(f"layout {layout!r}: can only be imported; expected one of {', '.join(writable_formats())}")
    return write


def export_path(
    dataset: Dataset,
    path: str | os.PathLike[str],
    layout: str = DEFAULT_LAYOUT,
    *,
    progress: Progress | None = None,
) -> ExportReport:
    """Write every readable picture, byte for byte, to a new folder, or to an archive where ``path`` ends in .zip.

    The export gets its name only when it is complete. Pictures in ``_unlabelled`` and ``_strangers`` are exported too.

    Args:
        dataset: the pictures.
        path: the folder or archive to make.
        layout: the name of a layout in ``FORMATS`` that can be written.
        progress: called with (done, total).

    Raises:
        ArgumentError: not a path, or no such layout.
        DataError: ``path`` exists or lies in the dataset itself, or the disk is full; nothing is left behind then.
    """
    instance(dataset, Dataset, "a dataset, such as project.dataset")
    target = checked_path(path, "a folder or a .zip to make")
    write_entries = writer(layout)
    is_zip = target.suffix.lower() == ".zip"
    if not is_zip and target.suffix.lower() in _ARCHIVES:
        raise DataError(f"{target}: expected the name of a folder, or one that ends in .zip")
    if target.resolve().is_relative_to(dataset.root.resolve()):
        raise DataError(f"{target}: lies in the dataset itself; choose a place outside {dataset.root}")
    dataset.refresh()
    pictures = dataset.pictures()
    readable = [picture for picture in pictures if not picture.error]
    try:
        if target.is_dir() and not is_zip and not any(target.iterdir()):
            beneath.rmdir(target)
        if os.path.lexists(target):
            raise DataError(f"{target}: exists already; choose another name or delete it first")
        beneath.make_folder(target.parent)
        with scratch_beside(target) as scratch:
            write = _write_zip if is_zip else _write_folder
            count = write(scratch / "whole", _checked(write_entries(readable)), len(readable), progress)
            beneath.replace(scratch / "whole", target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return ExportReport(count, tuple(picture.key for picture in pictures if picture.error))


def _checked(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries, each under its own path inside the export."""
    taken: set[str] = set()
    for entry in entries:
        if not entry.path or entry.path.startswith("/") or ".." in entry.path.split("/"):
            raise DataError(f"cannot export {entry.path!r}: a path that leaves the export; choose another layout")
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
        path.write_bytes(read_picture_file(entry.picture))
        count += 1
        if progress is not None:
            progress(count, total)
    return count


def _write_zip(target: Path, entries: Iterable[Entry], total: int, progress: Progress | None) -> int:
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            # A fixed date, so that the same dataset gives the same archive; stored, since pictures do not compress.
            info = zipfile.ZipInfo(entry.path, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o100644 << 16
            archive.writestr(info, entry.content if entry.picture is None else read_picture_file(entry.picture))
            if entry.picture is not None:
                count += 1
                if progress is not None:
                    progress(count, total)
    return count
