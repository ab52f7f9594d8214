"""An order: a part for a worker to make, and what the worker says while it makes it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from whatsit.bulk.job import Job
from whatsit.bulk.part import make_part
from whatsit.bulk.progress import Tally
from whatsit.bulk.rows import Examiner
from whatsit.errors import WhatsitError

_EVERY = 0.25
"""Seconds between two messages about one part, at least, and at most what one picture takes longer."""

Message: TypeAlias = dict[str, Any]
"""What a worker tells: ``ready``; ``at``: the place of the picture it begins with; ``tally`` of three counts and
``whole``, whether the part is written; ``failed`` with a text. Plain values: they come from other processes."""


@dataclass(frozen=True, slots=True)
class Order:
    """A part to make."""

    part: int
    careful: bool
    """Tell before each picture which one it is."""
    left_out: dict[int, str]
    """Pictures not to read, by place, and why."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Order":
        """From JSON, whose keys are all text."""
        return cls(values["part"], values["careful"], {int(at): why for at, why in values["left_out"].items()})

    def carry_out(self, examiner: Examiner, job: Job, tell: Callable[[Message], object]) -> None:
        """Make the part, and tell how far it is; what fails is told too."""
        waiting, told = Tally(), time.monotonic()

        def after(one: Tally) -> None:
            nonlocal waiting, told
            waiting += one
            if time.monotonic() - told >= _EVERY:
                tell(_tallied(waiting))
                waiting, told = Tally(), time.monotonic()

        def before(at: int) -> None:
            if self.careful:
                tell({"at": at})

        try:
            make_part(examiner, job, self.part, left_out=self.left_out, before=before, after=after)
        except (WhatsitError, MemoryError) as error:
            tell(failure(error))
        else:
            tell(_tallied(waiting, is_whole=True))


def failure(error: WhatsitError | MemoryError) -> Message:
    """What ends the whole run."""
    return {"failed": "memory ran out; take fewer workers" if isinstance(error, MemoryError) else str(error)}


def _tallied(tally: Tally, *, is_whole: bool = False) -> Message:
    return {"tally": [tally.pictures, tally.unknown, tally.errors], "whole": is_whole}
