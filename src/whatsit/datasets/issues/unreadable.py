"""Pictures that cannot be decoded."""

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue, one_finding


def find(examination: Examination) -> list[Finding]:
    """One finding for all unreadable pictures."""
    found = [(0.0, picture) for picture in examination.pictures if picture.error]
    return one_finding(Kind.UNREADABLE, examination, found, "cannot be read and will not be used")


UNREADABLE = Issue(Kind.UNREADABLE, find, blocks_above=0)
