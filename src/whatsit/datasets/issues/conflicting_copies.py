"""Copies with different labels: one of the labels is wrong."""

from collections.abc import Iterator

from whatsit.datasets.issues.duplicate import byte_equal
from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each content, and each pair of near-copies, that has several labels."""
    for same in byte_equal(examination):
        labels = sorted({picture.label for picture in same})
        if len(labels) > 1:
            message = f"The same picture is in {', '.join(labels)}: keep it in one of them."
            yield Finding(Kind.CONFLICT, tuple(picture.key for picture in same), message)
    for one, other in examination.near_copies:
        if one.label != other.label:
            message = f"Nearly the same picture is in {one.label} and in {other.label}: one label is wrong."
            yield Finding(Kind.CONFLICT, (one.key, other.key), message)


CONFLICTING_COPIES = Issue(Kind.CONFLICT, find, blocks_above=0)
