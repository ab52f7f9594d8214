"""Pictures that are almost black or almost white (see ``Fingerprint.dark`` and ``Fingerprint.bright``)."""

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue, one_finding

_MOSTLY = 0.8
"""Fraction of the pixels."""


def find_dark(examination: Examination) -> list[Finding]:
    """One finding for all dark pictures, the darkest first."""
    return _find(examination, Kind.DARK, 1, "almost black")


def find_bright(examination: Examination) -> list[Finding]:
    """One finding for all bright pictures, the brightest first."""
    return _find(examination, Kind.BRIGHT, 2, "almost white")


def _find(examination: Examination, kind: Kind, measure: int, message: str) -> list[Finding]:
    measures = examination.dataset.looks()
    fractions = [(measures[picture.hash][measure], picture) for picture in examination.readable]
    found = [(-fraction, picture) for fraction, picture in fractions if fraction > _MOSTLY]
    return one_finding(kind, examination, found, message)


DARK = Issue(Kind.DARK, find_dark)
BRIGHT = Issue(Kind.BRIGHT, find_bright)
