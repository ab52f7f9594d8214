"""After a correction: which pictures of the dataset were answered right before and are answered wrong now."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from whatsit.datasets.label import STRANGERS
from whatsit.errors import DataError, WhatsitError
from whatsit.heads.exemplars import Exemplars
from whatsit.models.corrected import Seen
from whatsit.models.prediction import Predictions
from whatsit.parallel import start_thread

SHOWN = 24
"""Pictures that are named; more are counted."""
_REPORTED_EVERY = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture of the dataset."""

    key: str
    hash: str
    label: str


class LostView(TypedDict):
    """A picture that was right before the correction and is wrong now."""

    key: str
    id: str
    """The first digits of its SHA-256, in hexadecimal."""
    label: str
    answer: str | None
    """What it is taken for now; None: for nothing that is known."""


class GuardView(TypedDict):
    """The WebSocket message ``guard``."""

    edit: int
    """The number of the correction's edit; 0 where there is nothing to say."""
    done: int
    """Pictures judged so far."""
    total: int
    lost: list[LostView]
    """At most ``SHOWN``."""
    count: int
    """How many there are."""


NOTHING: GuardView = {"edit": 0, "done": 0, "total": 0, "lost": [], "count": 0}


class Guard:
    """Judges the pictures on a thread of its own; a later correction ends the judging of the one before.

    Args:
        tell: called with every view.
    """

    def __init__(self, tell: Callable[[GuardView], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._turn = 0
        self._view = NOTHING

    def view(self) -> GuardView:
        """How far it is and what it found."""
        return self._view

    def judge(
        self,
        edit: int,
        pictures: Callable[[], Sequence[Kept]],
        see: Callable[[Kept], Seen],
        before: Exemplars,
        after: Exemplars,
        id_digits: int,
    ) -> None:
        """Begin; returns at once.

        Args:
            edit: the number of the correction's edit.
            pictures: gives those to judge; called on the guard's thread.
            see: gives what the model sees of one, there too; a WhatsitError leaves it out.
            before: the corrected pictures without this correction.
            after: those with it.
            id_digits: of a picture's SHA-256 in the view.
        """
        with self._lock:
            self._turn += 1
            turn = self._turn
            earlier = self._thread

        def work() -> None:
            if earlier is not None:
                earlier.join()
            self._judge(turn, edit, pictures(), see, before, after, id_digits)

        try:
            thread = start_thread("guard", work)
        except DataError:  # no more threads: the correction counts all the same
            return
        with self._lock:
            if turn == self._turn:
                self._thread = thread

    def forget(self, edit: int) -> None:
        """The dataset's latest edit is this one: what was found about another correction says nothing any more."""
        if self._view["edit"] not in (0, edit):
            with self._lock:
                self._turn += 1
            self._say(NOTHING)

    def wait(self) -> None:
        """Wait until it has judged all that was asked."""
        while (thread := self._thread) is not None and thread.is_alive():
            thread.join()

    def close(self) -> None:
        """End the work."""
        with self._lock:
            self._turn += 1
        self.wait()

    def _judge(
        self, turn: int, edit: int, pictures: Sequence[Kept], see: Callable[[Kept], Seen], before: Exemplars,
        after: Exemplars, id_digits: int,
    ) -> None:  # fmt: skip
        lost: list[LostView] = []
        count, new = 0, after.but(before)
        for done, one in enumerate(pictures):
            if turn != self._turn:
                return
            if done % _REPORTED_EVERY == 0:
                self._say({"edit": edit, "done": done, "total": len(pictures), "lost": [*lost], "count": count})
            try:
                seen = see(one)
            except WhatsitError:
                continue
            if seen.unit is None or seen.nearest is None or new.verdict(seen.unit, seen.nearest) is None:
                continue
            now = seen.corrected(after)
            if _is_right(seen.corrected(before), one.label) and not _is_right(now, one.label):
                count += 1
                if len(lost) < SHOWN:
                    answer = None if now.unknown or not now else now[0].label
                    lost.append({"key": one.key, "id": one.hash[:id_digits], "label": one.label, "answer": answer})
        if turn == self._turn:
            self._say({"edit": edit, "done": len(pictures), "total": len(pictures), "lost": lost, "count": count})

    def _say(self, view: GuardView) -> None:
        self._view = view
        self._tell(view)


def _is_right(predictions: Predictions, label: str) -> bool:
    if label == STRANGERS:
        return predictions.unknown
    return bool(predictions) and not predictions.unknown and predictions[0].label == label
