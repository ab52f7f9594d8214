"""A selection: a list of path and label, made here by a search or a query, of pictures anywhere on this machine."""

import os
from pathlib import Path

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats.intake import take_in
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.report import ImportReport
from whatsit.datasets.formats.source import MAX_ENTRIES
from whatsit.datasets.formats.sources import FilesSource
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.path_list import ENDINGS, is_list, listed
from whatsit.datasets.skip import Skip
from whatsit.errors import DataError, SourceError
from whatsit.parallel import Progress
from whatsit.validation import instance
from whatsit.validation import path as checked_path

_ADDRESS = "is an address; copy it here first"


def import_selection(
    dataset: Dataset,
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import the pictures that a list names, wherever on this machine they are.

    For lists of the user's own only: it copies any picture that it names. ``import_path`` takes only pictures beside
    the list, and so is for lists from elsewhere.

    Args:
        dataset: where the pictures go.
        path: ``.csv``, ``.tsv`` or ``.parquet`` with a column ``path`` and perhaps ``label``, such as ``whatsit find
            --output`` and a query write, or a part of a bulk run; ``.txt`` with a path a line.
        label: the class of all pictures, whatever the list says.
        progress: called with (done, total).

    Raises:
        SourceError: the list is not there or cannot be read. Single pictures that cannot be imported raise nothing: the
            report names them.
        ProjectInUseError: another process has the project.
        ArgumentError: not a path.
        DataError: the label cannot be used, or the disk is full.
    """
    instance(dataset, Dataset, "a dataset, such as project.dataset")
    source = checked_path(path, "a list of pictures")
    if label is not None:
        dataset.check_new_label(label)
    if not is_list(source) or not source.is_file():
        raise SourceError(f"{source}: not a selection; expected a list that ends in {', '.join(ENDINGS)}")
    files: dict[str, bytes | Path] = {}
    items: list[Item] = []
    skips: list[Skip] = []
    folder = source.absolute().parent
    try:
        for line in listed(source):
            if line.problem or "://" in line.text:
                skips.append(Skip(line.text, line.problem or _ADDRESS))
                continue
            place = folder / line.text
            inner = str(place).lstrip("/")
            if inner not in files:
                files[inner] = place
                items.append(Item(inner, label or line.label or UNLABELLED))
            if len(items) > MAX_ENTRIES:
                raise SourceError(f"{source}: more than {MAX_ENTRIES:,} pictures; import its parts one by one")
    except SourceError:
        raise
    except DataError as error:
        raise SourceError(str(error)) from error
    listing = Listing(tuple(items), tuple(skips), read_as="a selection")
    with dataset.gathered():
        return take_in(dataset, FilesSource(files), listing, progress)
