"""Files in ``dataset/`` that are not used."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue
from whatsit.datasets.scan import ignored
from whatsit.validation import first_few


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for all of them."""
    if unused := ignored(examination.dataset.root):
        message = f"Not used: {first_few(unused)}; only pictures in the folder of a class are used."
        yield Finding(Kind.IGNORED, (), message, details=tuple(unused))


IGNORED_FILE = Issue(Kind.IGNORED, find)
