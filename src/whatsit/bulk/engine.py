"""What does the work of a run: one method, given parts, gives back what happened to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from whatsit.bulk.job import Job
from whatsit.bulk.progress import Tally


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a part."""

    part: int
    tally: Tally = Tally()  # noqa: RUF009 - a frozen value
    """Pictures since the last event of the part; negative where a process died and they have to be done again."""
    is_whole: bool = False
    """The part is on the disk."""


class Engine(Protocol):
    """Where the parts of a run are made."""

    def work(self, job: Job, parts: Sequence[int]) -> Iterator[Event]:
        """Make every one of the parts, in any order. Closing the iterator stops the work at once.

        Raises:
            DataError: a part cannot be written, or the processes cannot work.
            ModelError: the model fails.
        """
        ...
