"""Pictures of other tools into a dataset: the layout is recognised by the table of formats."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.folder_tree import is_picture_name
from whatsit.datasets.formats import FORMATS
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.intake import take_in
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing
from whatsit.datasets.formats.report import ImportReport
from whatsit.datasets.formats.source import ARCHIVE_INSIDE, ZIP_ENDINGS, Contents, Source
from whatsit.datasets.formats.sources import FilesSource, FolderSource, open_source
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.skip import Skip
from whatsit.errors import DataError, SourceError
from whatsit.parallel import Progress
from whatsit.validation import row

__all__ = ["FilesSource", "ImportReport", "Skip", "import_from", "import_path", "list_endings", "readable_formats"]


def readable_formats() -> dict[str, Format]:
    """The layouts that can be imported, by name, in the order of the table."""
    return {name: layout for name, layout in FORMATS.items() if layout.read is not None}


def list_endings() -> tuple[str, ...]:
    """Endings of the files that name pictures, such as ``.csv``, of all layouts."""
    return tuple(ending for layout in readable_formats().values() for ending in layout.list_endings)


def import_path(
    dataset: Dataset,
    path: Path,
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
        DataError: no such layout, the label cannot be used, or the disk is full.
    """
    with dataset.gathered():
        return _import_path(dataset, path, label, layout, progress)


def _import_path(
    dataset: Dataset, path: Path, label: str | None, layout: str | None, progress: Progress | None
) -> ImportReport:
    if label is not None:
        dataset.check_new_label(label)
    formats = _chosen(layout)
    if path.is_file():
        for one in formats.values():
            if one.read_list is not None and path.name.lower().endswith(one.list_endings):
                with FolderSource(path.parent) as folder:
                    listing = one.read_list(folder, folder.contents(), path.name)
                    return take_in(dataset, folder, _labelled(listing, label), progress)
        if path.suffix.lower() not in ZIP_ENDINGS:
            label = label or UNLABELLED
    with open_source(path) as source:
        contents = source.contents()
        if path.is_dir() and (archives := _archives(contents)):
            return _import_archives(dataset, path, archives, contents, label, layout, progress)
        return take_in(dataset, source, _labelled(_listing(source, contents, formats), label), progress)


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
    listing = _listing(source, source.contents(), _chosen(layout))
    return take_in(dataset, source, _labelled(listing, label), progress)


def _chosen(layout: str | None) -> Mapping[str, Format]:
    if layout is None:
        return readable_formats()
    chosen = row(FORMATS, layout, "layout")
    if chosen.read is None:
        raise DataError(f"layout {layout!r}: can only be exported; expected one of {', '.join(readable_formats())}")
    return {layout: chosen}


def _listing(source: Source, contents: Contents, formats: Mapping[str, Format]) -> Listing:
    for layout in sorted(formats.values(), key=lambda one: (one.precedence, one.name)):
        listing = layout.read(source, contents) if layout.read is not None else None
        if listing is not None:
            if not (listing.items or listing.skips or contents.skips):
                raise SourceError(f"{contents.name or 'upload'}: no files in it; expected pictures in class folders")
            return replace(listing, skips=(*contents.skips, *listing.skips))
    expected = " or ".join(f"{layout.title}: {layout.about}" for layout in formats.values())
    raise SourceError(f"{contents.name or 'upload'}: not in the layout that was asked for; expected {expected}")


def _archives(contents: Contents) -> list[str]:
    # Teachable Machine gives a folder of archives, one per class.
    if any(map(is_picture_name, contents.paths)):
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
    reports = []
    for number, name in enumerate(names):

        def part(done: int, total: int, before: int = number) -> None:
            if progress is not None:
                progress(before * 1000 + done * 1000 // max(1, total), len(names) * 1000)

        try:
            report = _import_path(dataset, folder / name, label, layout, part)
        except SourceError as error:
            reports.append(ImportReport(skips=(Skip(name, str(error)),)))
        else:
            reports.append(report.below(name))
    others = [skip for skip in contents.skips if skip.path not in names]
    others += [Skip(path, NOT_A_PICTURE) for path in contents.paths]
    return ImportReport.together([*reports, ImportReport(skips=tuple(others))])


def _labelled(listing: Listing, label: str | None) -> Listing:
    if label is None:
        return listing
    return replace(listing, items=tuple(replace(item, label=label) for item in listing.items))
