"""Classes with too few pictures to learn from."""

from collections.abc import Iterator

from whatsit.datasets.catalogue import counted
from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue

FEWEST = 10
"""Pictures that every class needs."""


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each small class."""
    for label, total in examination.dataset.totals().items():
        if total < FEWEST:
            message = f"{label} has {counted(total)} and needs at least {FEWEST}: photograph {FEWEST - total} more."
            yield Finding(Kind.SMALL_CLASS, (), message, label=label)


SMALL_CLASS = Issue(Kind.SMALL_CLASS, find, blocks_above=0)
