"""Other tools' pictures into a dataset: one function; each layout in its own file."""

import posixpath
from dataclasses import replace
from pathlib import Path

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats import class_folders, csv_list, edge_impulse
from whatsit.datasets.formats.class_folders import is_picture_name
from whatsit.datasets.formats.intake import take_in
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.report import ImportReport
from whatsit.datasets.formats.source import (
    ARCHIVE_INSIDE,
    Contents,
    FilesSource,
    FolderSource,
    Skip,
    Source,
    open_source,
)
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.splits_csv import SPLITS_FILE, read_records
from whatsit.errors import SourceError
from whatsit.parallel import Progress

__all__ = ["FilesSource", "ImportReport", "Skip", "import_from", "import_path"]


def import_path(
    dataset: Dataset, path: Path, *, label: str | None = None, progress: Progress | None = None
) -> ImportReport:
    """Import a folder, a zip archive, a CSV list or a single picture; the layout is recognised.

    Args:
        dataset: where the pictures go.
        path: what to import.
        label: the class for all of them, whatever the folders say.
        progress: called with (done, total).

    Raises:
        SourceError: nothing there, not a zip, a list that cannot be read, an archive beyond the limits. Single
            pictures that cannot be taken raise nothing: the report names them.
        DataError: the label cannot be used, the disk is full, or the project is in use elsewhere.
    """
    with dataset.gathered():
        return _import_path(dataset, path, label, progress)


def _import_path(dataset: Dataset, path: Path, label: str | None, progress: Progress | None) -> ImportReport:
    if label is not None:
        dataset.check_new_label(label)
    if path.is_file() and path.suffix.lower() in csv_list.ENDINGS:
        with FolderSource(path.parent) as folder:
            listing = csv_list.listing(folder, folder.contents(), path.name)
            return take_in(dataset, folder, _labelled(listing, label), progress)
    if path.is_file() and path.suffix.lower() not in (".zip", ".tm"):
        label = label or UNLABELLED
    with open_source(path) as source:
        contents = source.contents()
        if path.is_dir() and (names := _archives(contents)):
            return _import_archives(dataset, path, names, contents, label, progress)
        return _import(dataset, source, contents, label, progress)


def import_from(
    dataset: Dataset, source: Source, *, label: str | None = None, progress: Progress | None = None
) -> ImportReport:
    """Import an open source, such as ``FilesSource`` with what was dropped on a page. See ``import_path``."""
    if label is not None:
        dataset.check_new_label(label)
    return _import(dataset, source, source.contents(), label, progress)


def _import(
    dataset: Dataset, source: Source, contents: Contents, label: str | None, progress: Progress | None
) -> ImportReport:
    record_paths = [path for path in contents.paths if posixpath.basename(path) == SPLITS_FILE]
    contents.paths = [path for path in contents.paths if path not in record_paths]
    remembered = {record.hash: record.split for path in record_paths for record in read_records(source.read(path))}
    listing = _listing(source, contents)
    if not listing.items and not listing.skips:
        raise SourceError(f"{contents.name or 'upload'}: no files in it; expected pictures, in a folder a class")
    return take_in(dataset, source, _labelled(listing, label), progress, remembered)


def _archives(contents: Contents) -> list[str]:
    # As one site gives them: a folder of archives, each a class.
    if any(map(is_picture_name, contents.paths)):
        return []
    refused = [skip.path for skip in contents.skips if skip.reason == ARCHIVE_INSIDE]
    return [path for path in refused if "/" not in path and path.lower().endswith((".zip", ".tm"))]


def _listing(source: Source, contents: Contents) -> Listing:
    if not any(map(is_picture_name, contents.paths)) and (lists := csv_list.lists_in(contents)):
        others = [Skip(path, "not a picture file") for path in contents.paths if path not in lists]
        listing = Listing(skips=(*(Skip(path, csv_list.ALONE) for path in lists), *others))
    elif labels_files := edge_impulse.find_lists(contents):
        listing = edge_impulse.listing(source, contents, labels_files)
    elif list_path := csv_list.find_list(source, contents):
        listing = csv_list.listing(source, contents, list_path)
        listing = replace(listing, skips=(*listing.skips, *csv_list.unnamed(contents, listing, list_path)))
    else:
        listing = class_folders.listing(contents)
    return replace(listing, skips=(*contents.skips, *listing.skips))


def _import_archives(
    dataset: Dataset, folder: Path, names: list[str], contents: Contents, label: str | None, progress: Progress | None
) -> ImportReport:
    reports = []
    for number, name in enumerate(names):

        def part(done: int, total: int, before: int = number) -> None:
            if progress is not None:
                progress(before * 1000 + done * 1000 // max(1, total), len(names) * 1000)

        try:
            report = import_path(dataset, folder / name, label=label, progress=part)
        except SourceError as error:
            reports.append(ImportReport(skips=(Skip(name, str(error)),)))
        else:
            reports.append(report.below(name))
    others = [skip for skip in contents.skips if skip.path not in names]
    others += [Skip(path, "not a picture file") for path in contents.paths]
    return ImportReport.together([*reports, ImportReport(skips=tuple(others))])


def _labelled(listing: Listing, label: str | None) -> Listing:
    if label is None:
        return listing
    return replace(listing, items=tuple(replace(item, label=label) for item in listing.items))
