"""Folders whose names cannot be labels (see ``label.check_label``)."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue
from whatsit.datasets.label import check_label
from whatsit.errors import DataError


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each such folder; the fix removes spaces at its ends, where that helps."""
    dataset = examination.dataset
    labels = dataset.labels()
    for label in labels:
        try:
            check_label(label)
        except DataError as error:
            keys, better = tuple(dataset.keys(label)), label.strip()
            fix = Fix(Action.RENAME, keys, better) if better and better not in labels and keys else None
            yield Finding(Kind.UNUSABLE_NAME, keys, f"{error}.", fix, label)


UNUSABLE_NAME = Issue(Kind.UNUSABLE_NAME, find, blocks_above=0)
