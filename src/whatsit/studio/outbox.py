"""What waits to be sent to one tab: a slot a kind of message, newest wins, so a slow tab never piles up."""

import asyncio
from collections.abc import Iterator

Payload = bytes | str


class Outbox:
    """Lives on the event loop; everything else reaches it through ``Hub``."""

    def __init__(self) -> None:
        self._slots: dict[str, Payload] = {}
        self._filled = asyncio.Event()

    def put(self, kind: str, payload: Payload) -> None:
        """Leave a message; one of its kind not sent yet is replaced."""
        self._slots[kind] = payload
        self._filled.set()

    async def take(self) -> list[Payload]:
        """Wait for messages and take one of each kind there is."""
        await self._filled.wait()
        self._filled.clear()
        payloads, self._slots = list(self._slots.values()), {}
        return payloads


class Hub:
    """Every open tab's outbox by what it wants to hear of; ``post`` may be called from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted: dict[Outbox, frozenset[str]] = {}

    def open(self) -> Outbox:
        """A tab's outbox, hearing nothing yet. Event loop only."""
        self._loop = asyncio.get_running_loop()
        outbox = Outbox()
        self._wanted[outbox] = frozenset()
        return outbox

    def want(self, outbox: Outbox, kinds: Iterator[str] | list[str]) -> None:
        """Change what a tab hears of. Event loop only."""
        if outbox in self._wanted:
            self._wanted[outbox] = frozenset(kinds)

    def close(self, outbox: Outbox) -> None:
        """The tab is gone. Event loop only."""
        self._wanted.pop(outbox, None)

    def wanted(self, kind: str) -> bool:
        """Whether any tab wants to hear of ``kind``."""
        return any(kind in kinds for kinds in tuple(self._wanted.values()))

    def watchers(self) -> int:
        """Open tabs."""
        return len(self._wanted)

    def post(self, kind: str, payload: Payload) -> None:
        """Give a message to every tab that wants its kind."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, kind, payload)

    def _deliver(self, kind: str, payload: Payload) -> None:
        for outbox, kinds in self._wanted.items():
            if kind in kinds:
                outbox.put(kind, payload)
