"""Blurred pictures, by the variation of the Laplacian (Pech-Pacheco 2000; see ``Fingerprint.sharpness``)."""

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue, one_finding
from whatsit.datasets.issues.tiny import SMALLEST_SIDE

_LEAST_SHARPNESS = 3.0


def find(examination: Examination) -> list[Finding]:
    """One finding for all blurred pictures, the least sharp first; tiny ones are not measured."""
    measures = examination.dataset.looks()
    sharpness = [
        (measures[picture.hash][0], picture)
        for picture in examination.readable
        if min(picture.width, picture.height) >= SMALLEST_SIDE
    ]
    found = [(value, picture) for value, picture in sharpness if value < _LEAST_SHARPNESS]
    return one_finding(Kind.BLURRED, examination, found, "blurred")


BLURRED = Issue(Kind.BLURRED, find)
