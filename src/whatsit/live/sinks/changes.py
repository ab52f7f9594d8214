"""Which answers are news: those that say something else than the one before."""

from whatsit.live.answer import Answer
from whatsit.live.answer_state import AnswerState
from whatsit.plugins import FlagOption

EVERY = FlagOption("every", "a line for every answer, not only for changes")


class Changes:
    """Compares each answer with the one before.

    Args:
        every: take every answer for news.
    """

    def __init__(self, every: bool = False) -> None:
        self._every = every
        self._last: tuple[AnswerState, str | None] | None = None

    def is_news(self, answer: Answer) -> bool:
        """Whether ``answer`` differs from the one that was written last; the first one does."""
        return self._every or answer.verdict != self._last

    def written(self, answer: Answer) -> None:
        """Remember ``answer`` as the one that was written last."""
        self._last = answer.verdict
