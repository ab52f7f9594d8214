"""Parts given to workers, and given again where a worker dies: what the engines of processes and of actors share."""

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from whatsit.bulk.engine import Event
from whatsit.bulk.order import Message, Order
from whatsit.bulk.progress import Tally
from whatsit.errors import DataError

_STARTS = 3
"""Workers in a row that end before they are ready: then none will ever be."""
_BLAMED = 2
"""Times that a worker must end at one picture for the picture to be left out."""
_ASLEEP = 5.0
"""Seconds by which silence is noticed too late where this process itself did not run."""

PICTURE_TIMEOUT = 120.0
"""Seconds that one picture may take. A worker speaks after each: one that is silent for longer hangs."""
Tell: TypeAlias = Callable[[Message | None], object]
"""Called with each message, and with None when the worker has ended; from any thread."""


class Worker(Protocol):
    """Makes one part at a time, somewhere else."""

    def give(self, order: Order) -> None:
        """Begin a part."""

    def kill(self) -> str:
        """End it, if it has not ended; how it did."""
        ...


def dispatched(parts: Sequence[int], workers: int, start: Callable[[Tell], Worker], timeout: float) -> Iterator[Event]:
    """Have workers make the parts.

    A worker that dies, or hangs and is killed, costs the part it had in hand: another one makes it again, and says
    before each picture which one it is. A picture at which workers die twice, or hang once they say where they are, is
    left out, a row with that error. Closing the iterator ends all.

    Args:
        parts: what to make.
        workers: how many at a time.
        start: starts one.
        timeout: seconds that one picture may take.

    Raises:
        DataError: a worker failed, or none can start.
    """
    desk = _Desk(start, deque(parts), timeout)
    try:
        for _ in range(min(workers, len(parts))):
            desk.start()
        while desk.pool:
            try:
                news = desk.messages.get(timeout=desk.patience())
            except queue.Empty:
                yield from desk.end_hung()
            else:
                yield from desk.handle(*news)
                yield from desk.end_hung()
    finally:
        for place in desk.pool:
            place.worker.kill()


class _Place:
    """One worker, and what it has in hand."""

    worker: Worker
    part: int | None = None
    at: int | None = None
    done = Tally()
    ready = False
    heard = 0.0
    """When it spoke last, or was given a part."""


@dataclass
class _Desk:
    begin: Callable[[Tell], Worker]
    waiting: deque[int]
    timeout: float
    pool: list[_Place] = field(default_factory=list)
    messages: "queue.SimpleQueue[tuple[_Place, Message | None]]" = field(default_factory=queue.SimpleQueue)
    careful: set[int] = field(default_factory=set)
    """Parts at which a worker died."""
    blamed: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often a worker died at a picture: part and place."""
    hung: set[tuple[int, int]] = field(default_factory=set)
    """Pictures at which a worker hung: part and place."""
    never_ready: int = 0

    def start(self) -> None:
        place = _Place()
        place.worker = self.begin(lambda message: self.messages.put((place, message)))
        self.pool.append(place)

    def handle(self, place: _Place, message: Message | None) -> Iterator[Event]:
        if place not in self.pool:  # it was sent away, and its end is no news
            return
        place.heard = time.monotonic()
        if message is None:
            yield from self._died(place)
        elif "failed" in message:
            raise DataError(message["failed"])
        elif "ready" in message:
            self.never_ready, place.ready = 0, True
            self._next(place)
        elif "at" in message:
            place.at = message["at"]
        else:
            tally = Tally(*message["tally"])
            place.done += tally
            assert place.part is not None
            yield Event(place.part, tally, message["whole"])
            if message["whole"]:
                self._next(place)

    def patience(self) -> float | None:
        """Seconds until some worker has been silent for too long; None where none has anything in hand."""
        heard = [place.heard for place in self.pool if place.part is not None]
        return max(0.0, min(heard) + self.timeout - time.monotonic()) if heard else None

    def end_hung(self) -> Iterator[Event]:
        """Kill the workers that have been silent for too long."""
        now = time.monotonic()
        for place in [place for place in self.pool if place.part is not None]:
            silent = now - place.heard
            if silent > self.timeout + _ASLEEP:  # nobody listened: this process was stopped, or whom it tells took long
                place.heard = now
            elif silent >= self.timeout and self.messages.empty():  # what waits there may be its word
                if place.part is not None and place.at is not None:
                    self.hung.add((place.part, place.at))
                yield from self._died(place)

    def _next(self, place: _Place) -> None:
        if not self.waiting:
            self.pool.remove(place)
            place.worker.kill()
            return
        part = self.waiting.popleft()
        left_out = {
            at: f"left out: the process reading it ended {count} times, perhaps for lack of memory"
            for (where, at), count in self.blamed.items()
            if where == part and count >= _BLAMED
        }
        left_out |= {
            at: f"left out: it took more than {self.timeout:g} s; --timeout allows more"
            for where, at in self.hung
            if where == part
        }
        place.part, place.at, place.done, place.heard = part, None, Tally(), time.monotonic()
        place.worker.give(Order(part, part in self.careful, left_out))

    def _died(self, place: _Place) -> Iterator[Event]:
        self.pool.remove(place)
        status = place.worker.kill()
        if not place.ready:
            self.never_ready += 1
            if self.never_ready >= _STARTS:
                raise DataError(f"the processes that classify end at once ({status}); the terminal may say why")
        if place.part is not None:
            yield Event(place.part, Tally() - place.done)
            if place.at is not None:
                self.blamed[place.part, place.at] += 1
            self.careful.add(place.part)
            self.waiting.appendleft(place.part)
        if self.waiting:
            self.start()
