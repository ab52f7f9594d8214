"""Many items through a few threads: order kept, memory bounded."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) while long work runs; it may raise KeyboardInterrupt to stop the work."""


def ordered_map(make: Callable[[], Callable[[T], R]], items: Iterable[T], workers: int | None = None) -> Iterator[R]:
    """``f(item)`` for each item in order, where every thread has its own ``f = make()``.

    At most four results a worker wait for the reader, so an endless or huge ``items`` costs no memory. Closing the
    iterator stops the threads; an exception from ``f`` is raised at its item's place.

    Args:
        workers: threads; None: one a core.
    """
    workers = workers or os.cpu_count() or 1
    own = threading.local()

    def call(item: T) -> R:
        function: Callable[[T], R] | None = getattr(own, "function", None)
        if function is None:
            function = own.function = make()
        return function(item)

    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="whatsit")
    try:
        for item in items:
            waiting.append(pool.submit(call, item))
            if len(waiting) >= 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
