"""Near-copies in different splits: what is measured on a picture that was trained on is too good."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue
from whatsit.datasets.split import Split


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each pair; the fix moves one picture to the other's split, to training where that is one."""
    for one, other in examination.near_copies:
        if one.split != other.split:
            message = (
                f"Nearly the same picture is in {one.split.value} and in {other.split.value}: scores are too good."
            )
            moved, kept = (one, other) if other.split is Split.TRAINING else (other, one)
            fix = Fix(Action.MOVE, (moved.key,), kept.split.value)
            yield Finding(Kind.ACROSS_SPLITS, (one.key, other.key), message, fix)


ACROSS_SPLITS = Issue(Kind.ACROSS_SPLITS, find, blocks_above=0)
