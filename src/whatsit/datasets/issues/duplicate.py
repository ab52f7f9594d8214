"""Exact copies: the same bytes more than once under one label."""

from collections.abc import Iterator

from whatsit.datasets.catalogue import Picture, counted
from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each content that one class has several times."""
    for same in byte_equal(examination):
        labels = {picture.label for picture in same}
        if len(labels) == 1:
            keys, label = tuple(picture.key for picture in same), labels.pop()
            message = f"{counted(len(keys))} of {label} are byte for byte the same."
            yield Finding(Kind.EXACT_COPY, keys, message, Fix(Action.DELETE, keys[1:]), label)


def byte_equal(examination: Examination) -> list[list[Picture]]:
    """The readable pictures that share their bytes with others, together."""
    by_hash: dict[str, list[Picture]] = {}
    for picture in examination.readable:
        by_hash.setdefault(picture.hash, []).append(picture)
    return [same for same in by_hash.values() if len(same) > 1]


DUPLICATE = Issue(Kind.EXACT_COPY, find)
