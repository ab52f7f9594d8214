"""Rates and times of the live engine over the last second or so."""

import time
from collections import deque

from whatsit.live.answer import Stats


class Meter:
    """Counts answers and averages their times."""

    def __init__(self) -> None:
        self._ends: deque[float] = deque(maxlen=30)
        self._prepare = 0.0
        self._inference = 0.0
        self._answers = self._repeated = 0
        self._fresh = True

    def reset(self) -> None:
        """Reset the averages when the model changes; the count of answers goes on."""
        self._fresh = True

    def count(self, prepare_ms: float, inference_ms: float | None, taken: float) -> Stats:
        """The figures after one more answer.

        Args:
            prepare_ms: milliseconds spent on preparing the frame.
            inference_ms: milliseconds spent in the network; None: it did not run, the answer is the last one's.
            taken: when the frame was taken, in seconds since 1970.
        """
        weight = 1.0 if self._fresh else 0.1
        self._fresh = False
        self._prepare += weight * (prepare_ms - self._prepare)
        if inference_ms is None:
            self._repeated += 1
        else:
            self._inference += weight * (inference_ms - self._inference)
        self._answers += 1
        self._ends.append(time.monotonic())
        span = self._ends[-1] - self._ends[0]
        fps = (len(self._ends) - 1) / span if span > 0 else 0.0
        age = max(0.0, (time.time() - taken) * 1000)
        return Stats(fps, self._prepare, self._inference, age, self._answers, self._repeated)
