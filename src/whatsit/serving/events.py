"""A live camera's answers as server-sent events (HTML Standard, "Server-sent events")."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from whatsit.live.answer import Answer
from whatsit.live.sinks.changes import Changes
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Service
from whatsit.text import json_line
from whatsit.validation import short

MOST_READERS = 16
KEPT = 64
"""Events that wait for a slow reader; the oldest are dropped first."""
MOST_COUNT = 1_000_000
_QUIET = 15.0
"""Seconds without an event after which a comment shows that the connection lives."""

Hear = Callable[[Answer | None], None]
"""Called from any thread with each answer; with None at the end."""


class AnswerSource(Protocol):
    """A camera's answers for those who listen."""

    def subscribe(self, hear: Hear) -> Callable[[], None]:
        """Hear of each answer from now on, and of the newest at once; calling the result ends that."""


class Events:
    """The route's handler. Each reader has a short queue for itself, and there are at most ``MOST_READERS``.

    Args:
        source: of the answers.
    """

    def __init__(self, source: AnswerSource) -> None:
        self.source = source
        self.readers = 0

    async def __call__(self, _: Service, request: Request) -> Response:
        """Answer a request with a stream.

        Raises:
            RefusedError: a wrong option, or too many readers.
        """
        every, count = _every(request), _count(request)
        if self.readers >= MOST_READERS:
            reason = f"{MOST_READERS} programs read events already; end one of them"
            raise RefusedError(503, reason, {"retry-after": "5"})
        return _Stream(self, every, count)


class _Stream(Response):
    """Events until the reader leaves; its place among the readers is free again then, however it left."""

    def __init__(self, events: Events, every: bool, count: int | None) -> None:
        super().__init__()
        self._events = events
        self._every, self._count = every, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        queue = _Queue(asyncio.get_running_loop(), self._every)
        self._events.readers += 1
        end = self._events.source.subscribe(queue.hear)
        try:
            text = _text(queue, self._count)
            # No proxy may gather events before it passes them on.
            headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
            await StreamingResponse(text, headers=headers, media_type="text/event-stream")(scope, receive, send)
        finally:
            end()
            self._events.readers -= 1


class _Queue:
    """What waits for one reader. It belongs to the event loop; ``hear`` can be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, every: bool) -> None:
        self._loop = loop
        self._changes = Changes(every)
        self._waiting: deque[str] = deque(maxlen=KEPT)
        self._ended = False
        self._filled = asyncio.Event()

    def hear(self, answer: Answer | None) -> None:
        """Leave an answer where it is news."""
        if answer is not None:
            if not self._changes.is_news(answer):
                return
            self._changes.written(answer)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, None if answer is None else json_line(answer.to_dict()))

    async def take(self) -> str | None:
        """The oldest that waits; None at the end. An empty text after a while without any."""
        while not self._waiting:
            if self._ended:
                return None
            self._filled.clear()
            try:
                await asyncio.wait_for(self._filled.wait(), _QUIET)
            except TimeoutError:
                return ""
        return self._waiting.popleft()

    def _put(self, text: str | None) -> None:
        if text is None:
            self._ended = True
        else:
            self._waiting.append(text)
        self._filled.set()


async def _text(queue: _Queue, count: int | None) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    sent = 0
    while count is None or sent < count:
        event = await queue.take()
        if event is None:
            return
        sent += bool(event)
        yield f"event: answer\ndata: {event}\n\n" if event else ": nothing new\n\n"


def _every(request: Request) -> bool:
    value = request.query_params.get("every", "false")
    if value not in ("0", "1", "true", "false"):
        raise RefusedError(400, f"every {short(value)}: expected true or false")
    return value in ("1", "true")


def _count(request: Request) -> int | None:
    value = request.query_params.get("count")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 8 and 1 <= int(value) <= MOST_COUNT):
        raise RefusedError(400, f"count {short(value)}: expected a number from 1 to {MOST_COUNT}")
    return int(value)
