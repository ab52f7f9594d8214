"""The parts of a run made in this process, one after the other: for tests, and where no process may be started."""

from collections.abc import Iterator, Sequence

from whatsit.bulk.engine import Event
from whatsit.bulk.job import Job
from whatsit.bulk.part import make_part
from whatsit.bulk.progress import Tally
from whatsit.bulk.rows import Examiner


class HereEngine:
    """An ``Engine`` without processes."""

    def work(self, job: Job, parts: Sequence[int]) -> Iterator[Event]:
        examiner = Examiner.of(job)
        for part in parts:
            counts: list[Tally] = []
            make_part(examiner, job, part, after=counts.append)
            yield Event(part, sum(counts, Tally()), is_whole=True)
