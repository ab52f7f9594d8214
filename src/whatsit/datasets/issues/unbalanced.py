"""Class imbalance: one class has many times the pictures of another."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue

_LARGEST_RATIO = 5


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for the smallest class, where the largest has more than five times as many."""
    totals = examination.dataset.totals()
    if totals and 0 < _LARGEST_RATIO * min(totals.values()) < max(totals.values()):
        least, most = min(totals, key=lambda label: totals[label]), max(totals, key=lambda label: totals[label])
        share = totals[least] / sum(totals.values())
        message = (
            f"{most} has {totals[most]:,} pictures and {least} {totals[least]:,}: photograph more {least}. A model "
            f"that never named {least} would lose only {share:.1%} of accuracy, but {1 / len(totals):.0%} of balanced "
            "accuracy."
        )
        yield Finding(Kind.UNBALANCED, (), message, label=least)


UNBALANCED = Issue(Kind.UNBALANCED, find)
