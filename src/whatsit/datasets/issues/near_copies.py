"""Near-copies under one label in one split: they add little to training."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each pair; the fix deletes the smaller picture."""
    for larger, smaller in examination.near_copies:
        if larger.label == smaller.label and larger.split == smaller.split:
            message = "Nearly the same picture twice: re-encoded, resized or cropped."
            fix = Fix(Action.DELETE, (smaller.key,))
            yield Finding(Kind.NEAR_COPY, (larger.key, smaller.key), message, fix, larger.label)


NEAR_COPIES = Issue(Kind.NEAR_COPY, find)
