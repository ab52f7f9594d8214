"""Pictures too small to show anything."""

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue, one_finding

SMALLEST_SIDE = 32
"""Pixels; smaller pictures are tiny."""


def find(examination: Examination) -> list[Finding]:
    """One finding for all tiny pictures, the smallest first."""
    sides = [(min(picture.width, picture.height), picture) for picture in examination.readable]
    found = [(side, picture) for side, picture in sides if side < SMALLEST_SIDE]
    return one_finding(Kind.TINY, examination, found, f"smaller than {SMALLEST_SIDE} pixels")


TINY = Issue(Kind.TINY, find)
