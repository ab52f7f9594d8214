"""A sink that keeps every answer: for notebooks and tests."""

import threading
from collections.abc import Callable

from whatsit.live.answer import Answer


class ListSink:
    """Keeps the answers that it gets, frames included; a test can wait for one of them.

    ::

        seen = ListSink()
        with Live("synthetic:", sinks=[seen]):
            seen.wait_for(lambda answer: answer.label == "coffee mug", timeout=30)
        print(len(seen.answers), seen.closed)
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        """What came so far, in order."""
        self.closed = False
        """Whether the engine has ended."""
        self._changed = threading.Condition()

    def send(self, answer: Answer) -> None:
        """Keep it."""
        with self._changed:
            self.answers.append(answer)
            self._changed.notify_all()

    def close(self) -> None:
        """Note that there will be no further answer."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[Answer], bool], timeout: float) -> Answer | None:
        """Wait until an answer meets ``condition``, at most ``timeout`` seconds.

        Returns:
            The first that does, of those that came before too; None where none came in time.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.closed or any(map(condition, self.answers)), timeout)
            return next(filter(condition, self.answers), None)
