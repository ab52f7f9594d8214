"""Lines of ``splits.csv`` and ``judged.csv`` that cannot be read."""

from collections.abc import Iterator

from whatsit.datasets.issues.dismissed import Dismissals
from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.issue import Issue
from whatsit.validation import first_few


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each file with damaged lines."""
    dataset = examination.dataset
    rebuild = "correct it, or replace the file by  whatsit dataset rebuild"
    for records, helps in ((dataset.records, rebuild), (Dismissals(dataset.root), "correct or delete it")):
        if lines := records.unreadable():
            where = first_few([str(line) for line in lines])
            message = f"{records.path.name}: line {where} cannot be read; the others are used. To repair it, {helps}."
            yield Finding(Kind.DAMAGED_RECORD, (), message, details=tuple(f"{records.path.name}:{n}" for n in lines))


DAMAGED_RECORD = Issue(Kind.DAMAGED_RECORD, find)
