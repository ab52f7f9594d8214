"""Messages waiting to be sent to a tab: one slot per kind, the newest wins, so a slow tab never builds up a queue."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from whatsit.text import json_line

Payload = bytes | str
Watcher: TypeAlias = Literal["tab", "stream"]
"""What watches: a page's WebSocket, or a reader of the camera's pictures alone."""


def as_text(kind: str, view: Mapping[str, object]) -> str:
    """A message as JSON: the view's fields, and ``kind`` beside them."""
    return json_line({"kind": kind, **view})


class Outbox:
    """Belongs to the event loop; other threads reach it through ``Hub``."""

    def __init__(self, watcher: Watcher = "tab") -> None:
        self.watcher = watcher
        self._slots: dict[str, Payload] = {}
        self._kinds: set[str] = set()
        self._filled = asyncio.Event()

    def put(self, kind: str, payload: Payload) -> None:
        """Leave a message; one of its kind that is not sent yet is replaced."""
        self._kinds.add(kind)
        self._slots[kind] = payload
        self._filled.set()

    def greet(self, kind: str, payload: Payload) -> None:
        """Leave a first message of a kind, unless a later one was left before."""
        if kind not in self._kinds:
            self.put(kind, payload)

    async def take(self) -> list[Payload]:
        """Wait for messages and take all there are, at most one of each kind."""
        await self._filled.wait()
        self._filled.clear()
        payloads, self._slots = list(self._slots.values()), {}
        return payloads


class Hub:
    """Every open tab's outbox and the kinds of messages it subscribes to; any thread can call ``post``."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted: dict[Outbox, frozenset[str]] = {}

    def open(self, watcher: Watcher = "tab") -> Outbox:
        """A new watcher's outbox, subscribed to nothing. Event loop only."""
        self._loop = asyncio.get_running_loop()
        outbox = Outbox(watcher)
        self._wanted[outbox] = frozenset()
        return outbox

    def want(self, outbox: Outbox, kinds: Iterable[str]) -> None:
        """Replace a tab's subscriptions. Event loop only."""
        if outbox in self._wanted:
            self._wanted[outbox] = frozenset(kinds)

    def close(self, outbox: Outbox) -> None:
        """Forget a tab. Event loop only."""
        self._wanted.pop(outbox, None)

    def wanted(self, kind: str) -> bool:
        """Whether any tab subscribes to ``kind``."""
        return any(kind in kinds for kinds in tuple(self._wanted.values()))

    def watchers(self, watcher: Watcher = "tab") -> int:
        """The number of open tabs, or of readers of the stream."""
        return sum(outbox.watcher == watcher for outbox in self._wanted)

    def post(self, kind: str, payload: Payload) -> None:
        """Give a message to every tab that subscribes to its kind."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, kind, payload)

    def _deliver(self, kind: str, payload: Payload) -> None:
        for outbox, kinds in self._wanted.items():
            if kind in kinds:
                outbox.put(kind, payload)
