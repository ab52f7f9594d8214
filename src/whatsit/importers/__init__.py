"""Other tools' pictures into a dataset: one function; each layout in its own file."""

from pathlib import Path, PurePosixPath

from whatsit.dataset import Dataset
from whatsit.dataset_scan import Progress
from whatsit.errors import DataError
from whatsit.importers import class_folders, csv_list, edge_impulse
from whatsit.importers.intake import take_in
from whatsit.importers.item import Item
from whatsit.importers.report import ImportReport
from whatsit.importers.source import FilesSource, FolderSource, Skip, Source, open_source
from whatsit.label import UNLABELLED
from whatsit.split_record import SPLITS_FILE, read_records

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
        DataError: nothing there, not a zip, an archive beyond the limits, the disk is full, or the project
            is in use elsewhere. Single pictures that cannot be taken raise nothing: the report names them.
    """
    if path.is_file() and path.suffix.lower() in (".csv", ".tsv"):
        with FolderSource(path.parent) as folder:
            items, skips = csv_list.items(folder, folder.contents(), path.name)
            named = [skip for skip in skips if not skip.reason.startswith("not named")]
            return take_in(dataset, folder, _labelled(items, label), named, progress)
    if path.is_file() and path.suffix.lower() not in (".zip", ".tm"):
        label = label or UNLABELLED
    with open_source(path) as source:
        return import_from(dataset, source, label=label, progress=progress)


def import_from(
    dataset: Dataset, source: Source, *, label: str | None = None, progress: Progress | None = None
) -> ImportReport:
    """Import an open source, such as ``FilesSource`` with what was dropped on a page. See ``import_path``."""
    contents = source.contents()
    list_path = csv_list.find_list(contents)
    record_paths = [path for path in contents.paths if PurePosixPath(path).name == SPLITS_FILE]
    contents.paths = [path for path in contents.paths if path not in record_paths]
    remembered = {record.hash: record.split for path in record_paths for record in read_records(source.read(path))}
    if edge_impulse.is_edge_impulse(contents):
        items, skips = edge_impulse.items(source, contents)
    elif list_path is not None:
        items, skips = csv_list.items(source, contents, list_path)
    else:
        items, skips = class_folders.items(contents)
    if not items and not skips and not contents.skips:
        raise DataError(f"{contents.name or 'source'}: no files in it; expected pictures in folders, or an archive")
    return take_in(dataset, source, _labelled(items, label), [*contents.skips, *skips], progress, remembered)


def _labelled(items: list[Item], label: str | None) -> list[Item]:
    return items if label is None else [Item(item.path, label, item.split, item.name) for item in items]
