"""The workers that decode and recognise, and how many pictures may wait for them."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from whatsit.parallel import cores
from whatsit.serving.refused import RefusedError

R = TypeVar("R")
WAITING = 8
"""Pictures that may wait, for each worker."""
_USUAL_SECONDS = 0.05


class Pool:
    """One thread per core. Requests are admitted on the event loop; work beyond the queue is refused, never kept.

    Args:
        workers: threads; None: one per core.
        waiting: pictures that may wait for them; None: ``WAITING`` for each worker.
    """

    def __init__(self, workers: int | None = None, waiting: int | None = None) -> None:
        self.workers = workers or cores()
        self._most = self.workers + (WAITING * self.workers if waiting is None else waiting)
        self._admitted = 0
        self._seconds = _USUAL_SECONDS
        """What a picture took lately: an exponential moving average."""
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="recognise")

    @property
    def waiting(self) -> int:
        """Pictures that no worker has begun, about."""
        return max(0, self._admitted - self.workers)

    def check_room(self) -> None:
        """Refuse a request before its body is read.

        Raises:
            RefusedError: the queue is full.
        """
        if self._admitted >= self._most:
            seconds = max(1, math.ceil(self._admitted * self._seconds / self.workers))
            raise RefusedError(
                503,
                f"busy: {self.waiting} pictures are waiting; try again in {seconds} s",
                {"retry-after": str(seconds)},
            )

    @contextlib.contextmanager
    def admitted(self, pictures: int) -> Iterator[None]:
        """A place for a request with so many pictures; one request can be longer than the rest of the queue.

        Raises:
            RefusedError: the queue is full.
        """
        self.check_room()
        self._admitted += pictures
        try:
            yield
        finally:
            self._admitted -= pictures

    def submit(self, work: Callable[[], R]) -> "Future[R]":
        """Run ``work`` on a worker; cancelling the future before that forgets it."""
        return self._threads.submit(self._timed, work)

    def close(self) -> None:
        """End the threads; what is waiting is forgotten."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _timed(self, work: Callable[[], R]) -> R:
        begun = time.monotonic()
        try:
            return work()
        finally:
            self._seconds += 0.1 * (time.monotonic() - begun - self._seconds)
