"""What makes an answer doubtful, and how much its frame is worth to a person who has a minute."""

from dataclasses import dataclass
from enum import StrEnum

from whatsit.live.answer import Answer
from whatsit.live.answer_state import AnswerState

CLOSE = 0.2
"""The two best scores nearer to each other than this are a close call."""
NEIGHBOURS = 1.0
"""Seconds within which two frames should have the same answer."""


class Reason(StrEnum):
    """Why a frame is kept."""

    UNKNOWN = "unknown"
    """It looks like nothing that is known."""
    CLOSE = "close"
    """Two classes are nearly as likely."""
    FLICKER = "flicker"
    """The frame just before looked like another class."""
    FIRST = "first"
    """The first sight of a class since the studio started."""
    CHANGE = "change"
    """Another class than the last one shown."""


_WORTH = {Reason.UNKNOWN: 4.0, Reason.CLOSE: 3.0, Reason.FLICKER: 2.0, Reason.FIRST: 1.0, Reason.CHANGE: 0.5}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a frame is kept, and how valuable it is: the larger, the more."""

    reason: Reason
    worth: float


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen so far; a value, made again with every answer."""

    shown: frozenset[str] = frozenset()
    """The labels that were shown."""
    last: str = ""
    """The label shown last."""
    best: str = ""
    """The likeliest class of the frame before."""
    time: float = 0.0
    """When that was taken, in seconds."""

    def after(self, answer: Answer) -> "tuple[Watched, Doubt | None]":
        """What was seen by then, and what is doubtful about this answer."""
        if answer.frame is None or not answer.predictions:
            return self, None
        best, is_shown = answer.predictions[0].label, answer.state is AnswerState.LABEL and answer.label
        shown = self.shown | {answer.label} if is_shown and answer.label else self.shown
        last = answer.label if is_shown and answer.label else self.last
        return Watched(shown, last, best, answer.frame.time), self._doubt(answer, best)

    def _doubt(self, answer: Answer, best: str) -> Doubt | None:
        assert answer.frame is not None
        scores = [one.score for one in answer.predictions[:2]]
        margin = scores[0] - scores[1] if len(scores) == 2 else 1.0
        is_shown = answer.state is AnswerState.LABEL
        if answer.predictions.unknown:
            return _doubt(Reason.UNKNOWN)
        if margin < CLOSE:
            return _doubt(Reason.CLOSE, 1 - margin / CLOSE)
        if self.best and best != self.best and 0 <= answer.frame.time - self.time < NEIGHBOURS:
            return _doubt(Reason.FLICKER)
        if is_shown and answer.label and answer.label not in self.shown:
            return _doubt(Reason.FIRST)
        if is_shown and answer.label and answer.label != self.last:
            return _doubt(Reason.CHANGE)
        return None


def _doubt(reason: Reason, more: float = 0.0) -> Doubt:
    return Doubt(reason, round(_WORTH[reason] + more / 2, 3))
