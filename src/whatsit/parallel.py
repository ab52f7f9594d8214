"""Threads: how many the machine has room for, and many items through a few of them, in order and in bounded memory."""

import contextlib
import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias, TypeVar

from whatsit.errors import DataError, WhatsitError

T = TypeVar("T")
R = TypeVar("R")
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) while long work runs; it can raise KeyboardInterrupt to stop the work."""


def cores() -> int:
    """Processor cores that this process may use, 1 or more."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux has it
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def lasting_threads() -> int:
    """Threads of an interpreter that works as long as the program runs, at most four.

    Where there are more than two cores, one is left free: for the camera, preparing the next frame, and other programs.
    """
    there = cores()
    return min(4, there - 1 if there > 2 else there)


def start_thread(
    name: str, work: Callable[..., object], *arguments: object, error: type[WhatsitError] = DataError
) -> threading.Thread:
    """A thread that runs ``work(*arguments)`` and does not keep the process from ending.

    Args:
        error: the class of the error raised.

    Raises:
        WhatsitError: of class ``error``: the system gives no more threads.
    """
    thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as problem:
        raise error(f"{name}: cannot start: {problem}; close other programs and try again") from problem
    return thread


def ordered_map(make: Callable[[], Callable[[T], R]], items: Iterable[T], workers: int | None = None) -> Iterator[R]:
    """``f(item)`` for each item in order; every thread has its own ``f = make()``.

    At most four results per worker wait for the reader, so endless ``items`` need no more memory. Closing the
    iterator stops the threads; an exception from ``f`` is raised in place of its result.

    Args:
        workers: threads; None: one per core.

    Raises:
        DataError: the system gives no more threads.
    """
    workers = workers or cores()
    own = threading.local()

    def call(item: T) -> R:
        own.works_here = True
        function: Callable[[T], R] | None = getattr(own, "function", None)
        if function is None:
            function = own.function = make()
        return function(item)

    waiting: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="whatsit")
    try:
        for item in items:
            try:
                waiting.append(pool.submit(call, item))
            except RuntimeError as problem:
                raise DataError(f"cannot work on: {problem}; close other programs and try again") from problem
            if len(waiting) >= 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Collected as garbage, the iterator can end on one of its own threads, which cannot wait for itself.
        pool.shutdown(wait=not getattr(own, "works_here", False), cancel_futures=True)


def give_back_memory() -> None:
    """Give freed memory back to the system where the C library would keep it, as glibc does with arrays up to 32 MB."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
