"""Pictures of other tools into a dataset: the layout is recognised by the table of formats."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.intake import take_in
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing
from whatsit.datasets.formats.recognition import (
    LAST_RESORT,
    chosen_formats,
    list_endings,
    readable_formats,
    recognised,
    recognised_list,
)
from whatsit.datasets.formats.report import ImportReport
from whatsit.datasets.formats.source import ARCHIVE_INSIDE, ZIP_ENDINGS, Contents, Source
from whatsit.datasets.formats.sources import FilesSource, FolderSource, open_source
from whatsit.datasets.formats.zip_source import archive_stem
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split, split_hinted
from whatsit.errors import SourceError
from whatsit.parallel import Progress
from whatsit.validation import instance
from whatsit.validation import path as checked_path

__all__ = ["FilesSource", "ImportReport", "Skip", "import_from", "import_path", "list_endings", "readable_formats"]


def import_path(
    dataset: Dataset,
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    layout: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a folder, a zip archive, a list with its pictures beside it, or a single picture.

    Args:
        dataset: where the pictures go.
        path: what to import. A folder of zip archives is imported archive by archive.
        label: the class of all pictures, whatever the source says.
        layout: the name of a layout in ``FORMATS``; None: recognised.
        progress: called with (done, total).

    Raises:
        SourceError: there is nothing, or it is not a zip archive, not in the layout, a list that cannot be read, or an
            archive beyond the limits. Single pictures that cannot be imported raise nothing: the report names them.
        ProjectInUseError: another process has the project.
        ArgumentError: not a path, or no such layout.
        DataError: the label cannot be used, or the disk is full.
    """
    instance(dataset, Dataset, "a dataset, such as project.dataset")
    source = checked_path(path, "a folder, a zip archive, a list or a picture")
    with dataset.gathered():
        return _import_path(dataset, source, label, layout, progress)


def _import_path(
    dataset: Dataset,
    path: Path,
    label: str | None,
    layout: str | None,
    progress: Progress | None,
    split: Split | None = None,
) -> ImportReport:
    if label is not None:
        dataset.check_new_label(label)
    formats = chosen_formats(layout)
    if path.is_file():
        if path.name.lower().endswith(list_endings()):
            around = _around(path)
            with FolderSource(around) as folder:
                contents = folder.contents()
                inner = path.absolute().relative_to(around).as_posix()
                if (listing := recognised_list(folder, contents, inner, formats)) is not None:
                    return take_in(dataset, folder, _labelled(listing, label), progress)
        if path.suffix.lower() not in ZIP_ENDINGS:
            label = label or UNLABELLED
    with open_source(path) as source:
        contents = source.contents()
        if path.is_dir() and (archives := _archives(contents)):
            return _import_archives(dataset, path, archives, contents, label, layout, progress)
        listing = _listing(source, contents, formats, label)
        return take_in(dataset, source, _of_split(listing, split, path.name), progress)


def import_from(
    dataset: Dataset,
    source: Source,
    *,
    label: str | None = None,
    layout: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import an open source, such as ``FilesSource`` with the files dropped on a page. See ``import_path``."""
    if label is not None:
        dataset.check_new_label(label)
    listing = _listing(source, source.contents(), chosen_formats(layout), label)
    return take_in(dataset, source, listing, progress)


def _around(list_path: Path) -> Path:
    """The folder whose pictures a list names: its own, or the next one where its own has none."""
    folder = list_path.absolute().parent
    contents = FolderSource(folder).contents()
    return folder if any(map(contents.is_picture, contents.paths)) else folder.parent


def _archives(contents: Contents) -> list[str]:
    # Teachable Machine gives a folder of archives, one per class.
    if any(map(contents.is_picture, contents.paths)):
        return []
    refused = [skip.path for skip in contents.skips if skip.reason == ARCHIVE_INSIDE]
    return [path for path in refused if "/" not in path and path.lower().endswith(ZIP_ENDINGS)]


def _import_archives(
    dataset: Dataset,
    folder: Path,
    names: list[str],
    contents: Contents,
    label: str | None,
    layout: str | None,
    progress: Progress | None,
) -> ImportReport:
    splits = {name: split_hinted(archive_stem(name)) for name in names}
    if None in splits.values() or len(set(splits.values())) < 2:
        splits = {}
    reports = []
    for number, name in enumerate(names):

        def part(done: int, total: int, before: int = number) -> None:
            if progress is not None:
                progress(before * 1000 + done * 1000 // max(1, total), len(names) * 1000)

        try:
            report = _import_path(dataset, folder / name, label, layout, part, splits.get(name))
        except SourceError as error:
            reports.append(ImportReport(skips=(Skip(name, str(error)),)))
        else:
            reports.append(report.below(name))
    others = [skip for skip in contents.skips if skip.path not in names]
    others += [Skip(path, NOT_A_PICTURE) for path in contents.paths]
    return ImportReport.together([*reports, ImportReport(skips=tuple(others))])


def _listing(source: Source, contents: Contents, formats: Mapping[str, Format], label: str | None) -> Listing:
    try:
        return _labelled(recognised(source, contents, formats), label)
    except SourceError:
        if label is None or LAST_RESORT not in formats:
            raise
    # Whose label is given need not be understood.
    return _labelled(recognised(source, contents, chosen_formats(LAST_RESORT)), label)


def _of_split(listing: Listing, split: Split | None, name: str) -> Listing:
    """The pictures of an archive that is called like its split, beside those of the others."""
    if split is None or listing.is_flat or any(item.split is not None for item in listing.items):
        return listing
    items = tuple(replace(item, split=split) for item in listing.items)
    return replace(listing, items=items, read_as=f"{listing.read_as}, and {name} is {split.value}")


def _labelled(listing: Listing, label: str | None) -> Listing:
    if label is None:
        return listing
    return replace(listing, items=tuple(replace(item, label=label) for item in listing.items))
