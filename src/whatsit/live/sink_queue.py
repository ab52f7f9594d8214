"""What waits for a sink: the newest answer, and the changes before it where the sink keeps them."""

import threading
from collections import deque
from dataclasses import replace

import numpy as np

from whatsit.live.answer import Answer


class SinkQueue:
    """Between the engine and one sink; putting never waits.

    Args:
        changes_kept: how many changes of state or label are kept for the sink while it is busy, the oldest dropped
            first; 0: only the newest answer. A change that is kept has a frame without pixels, so that a long queue
            stays small.
    """

    def __init__(self, changes_kept: int = 0) -> None:
        self._kept = changes_kept
        self._changed = threading.Condition()
        self._changes: deque[Answer] = deque()
        self._latest: Answer | None = None
        self._verdict: object = None
        self._change_waits = False
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Changes that the sink was never given."""
        return self._dropped

    @property
    def waiting(self) -> int:
        """Answers that the sink can take now."""
        with self._changed:
            return len(self._changes) + (self._latest is not None)

    def put(self, answer: Answer) -> None:
        """Add an answer. Ignored once closed."""
        with self._changed:
            if self._closed:
                return
            is_change = answer.verdict != self._verdict
            self._verdict = answer.verdict
            if self._kept:
                self._keep(answer, is_change)
            else:
                self._replace(answer, is_change)
            self._changed.notify_all()

    def take(self) -> Answer | None:
        """Wait for the oldest change kept, else the newest answer, and take it; None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes or self._latest is not None or self._closed)
            if self._changes:
                return self._changes.popleft()
            answer, self._latest = self._latest, None
            self._change_waits = False
            return answer

    def close(self) -> None:
        """Accept no further answer; what is there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _keep(self, answer: Answer, is_change: bool) -> None:
        if self._changes:
            self._changes[-1] = _without_pixels(self._changes[-1])
        if not is_change:
            self._latest = answer
            return
        self._latest = None
        self._changes.append(answer)
        if len(self._changes) > self._kept:
            self._changes.popleft()
            self._dropped += 1

    def _replace(self, answer: Answer, is_change: bool) -> None:
        self._dropped += is_change and self._change_waits
        self._change_waits |= is_change
        self._latest = answer


def _without_pixels(answer: Answer) -> Answer:
    if answer.frame is None or not answer.frame.image.size:
        return answer
    return replace(answer, frame=replace(answer.frame, image=np.empty((0, 0, 3), np.uint8)))
