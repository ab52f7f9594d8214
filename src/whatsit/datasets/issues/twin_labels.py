"""Twin labels: two labels that differ only by case or Unicode form."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue
from whatsit.datasets.label import twin_key


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each pair of twins; the fix moves the pictures of the smaller class to the larger one."""
    dataset = examination.dataset
    by_key: dict[str, list[str]] = {}
    for label in dataset.labels():
        by_key.setdefault(twin_key(label), []).append(label)
    for labels in by_key.values():
        if len(labels) > 1:
            kept, twin, *_ = sorted(labels, key=lambda label: (-dataset.count(label), label))
            keys = tuple(dataset.keys(twin))
            message = f"{kept} and {twin} differ only by case or Unicode form."
            fix = Fix(Action.RELABEL, keys, kept) if keys else None
            yield Finding(Kind.TWIN_LABELS, keys, message, fix, twin)


TWIN_LABELS = Issue(Kind.TWIN_LABELS, find, blocks_above=0)
