"""The listening socket: newcomers wait in front of the event loop until they ask for something, visitors go first."""

import asyncio
import contextlib
import selectors
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from whatsit.web.connections import Client, Connection, Connections

ACCEPTED_AT_ONCE = 16
"""Connections that enter the event loop in one turn of it."""
SILENT_SECONDS = 10.0
"""How long a newcomer can say nothing."""
HEAD_BYTES = 8192
"""How much of a request is looked at to see who asks."""
_QUEUE = 4096
"""Where the system's own queue is full, a visitor's packets are dropped, and sent again a second later."""
_NEWCOMERS_AT_ONCE = 64
_STRANGERS_AT_ONCE = 4
_PAUSE_SECONDS = 0.01
"""Between one few strangers and the next: 400 a second at most, half of the event loop's time where it is slow."""
_LONGEST_PAUSE_SECONDS = 0.1
_SWEEP_SECONDS = 1.0


class Listener(socket.socket):
    """A listening socket whose connections are counted, and let into the event loop in order of who they are.

    A connection costs little until it sends something. Then the beginning of its request says whether it is a known
    visitor's; those enter at once, strangers a few at a time, by turns between their addresses. To the event loop this
    is a socket like others: ``fileno`` is readable when ``accept`` has something to do.

    """

    def __init__(self, connections: Connections, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self.known: Callable[[bytes], bool] = lambda head: True
        """Whether a request that begins like this enters ahead of strangers."""
        self._connections = connections
        self._readable = selectors.DefaultSelector()
        self._readable.register(super().fileno(), selectors.EVENT_READ)
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.setblocking(False)
        self._readable.register(self._bell, selectors.EVENT_READ)
        self._rings = False
        self._silent: dict[Connection, tuple[float, Client]] = {}
        """Since when they say nothing, and their addresses; the oldest first."""
        self._visitors: deque[tuple[Connection, Client]] = deque()
        self._strangers: OrderedDict[str, deque[tuple[Connection, Client]]] = OrderedDict()
        """By host; the one whose turn it is first."""
        self._entered = 0
        """Strangers since the last pause."""
        self._pause_ends = 0.0
        self._late = False
        """Whether the pause was made longer, because the event loop was busy."""
        self._timer: asyncio.TimerHandle | None = None

    def fileno(self) -> int:
        """What becomes readable when ``accept`` has something to do; -1 once it is closed."""
        return self._readable.fileno() if super().fileno() >= 0 else -1

    def listen(self, backlog: int = _QUEUE) -> None:
        """Let connections wait in a queue of our length; asyncio's ``backlog`` is also what it accepts at once."""
        super().listen(max(backlog, _QUEUE))

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that has something to say.

        Raises:
            BlockingIOError: there is none now.
        """
        if not self._visitors:
            self._look()
        entering = self._visitors.popleft() if self._visitors else self._stranger()
        self._call_again()
        if entering is None:
            raise BlockingIOError
        return entering

    def close(self) -> None:
        """Stop listening, and hang up on those who did not enter."""
        if super().fileno() < 0:
            return
        if self._timer is not None:
            self._timer.cancel()
        queued = [connection for queue in self._strangers.values() for connection, _ in queue]
        for connection in [*self._silent, *(connection for connection, _ in self._visitors), *queued]:
            connection.close()
        self._readable.close()
        self._bell.close()
        self._rope.close()
        super().close()

    def _look(self) -> None:
        """Take in newcomers, and see who of those in front of the door has said something."""
        now = time.monotonic()
        for key, _ in self._readable.select(0):
            if isinstance(key.fileobj, Connection):
                self._heard(key.fileobj)
            elif key.fileobj is self._bell:
                self._bell.recv(1)
                self._rings = False
            else:
                self._take_in(now)
        while self._silent and now - next(iter(self._silent.values()))[0] >= SILENT_SECONDS:
            connection = next(iter(self._silent))
            self._forget(connection)
            connection.close()

    def _take_in(self, now: float) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError, ConnectionAbortedError):
            for _ in range(_NEWCOMERS_AT_ONCE):
                accepted, client = super().accept()
                connection = self._connections.arrive(accepted, client)
                if connection is None:
                    continue
                connection.setblocking(False)
                self._readable.register(connection, selectors.EVENT_READ)
                self._silent[connection] = now, client

    def _heard(self, connection: Connection) -> None:
        client = self._forget(connection)
        try:
            head = connection.recv(HEAD_BYTES, socket.MSG_PEEK)
        except OSError:
            head = b""
        if not head:  # it left, or was ended for a newcomer
            connection.close()
        elif self.known(head):
            self._connections.asked(connection, known=True)
            self._visitors.append((connection, client))
        else:
            self._connections.asked(connection, known=False)
            if not self._strangers:
                self._pause_ends = max(self._pause_ends, time.monotonic())
            self._strangers.setdefault(client[0], deque()).append((connection, client))

    def _forget(self, connection: Connection) -> Client:
        self._readable.unregister(connection)
        _, client = self._silent.pop(connection)
        return client

    def _stranger(self) -> tuple[Connection, Client] | None:
        while self._strangers and not self._pauses():
            host, queue = self._strangers.popitem(last=False)
            connection, client = queue.popleft()
            if queue:
                self._strangers[host] = queue
            if connection.ending:
                connection.close()
                continue
            self._entered += 1
            return connection, client
        return None

    def _pauses(self) -> bool:
        """Whether strangers wait now: between one few and the next, and as long again as the event loop came late."""
        now = time.monotonic()
        if self._entered >= _STRANGERS_AT_ONCE:
            self._entered, self._late = 0, False
            self._pause_ends = now + _PAUSE_SECONDS
        elif not self._entered and not self._late and now - self._pause_ends > _PAUSE_SECONDS:
            self._late = True
            self._pause_ends = now + min(now - self._pause_ends, _LONGEST_PAUSE_SECONDS)
        return now < self._pause_ends

    def _call_again(self) -> None:
        """Have the event loop call for those who are left: now, when the pause ends, or to hang up on the silent."""
        if self._visitors:
            self._ring()
        if not self._strangers and not self._silent:
            return
        loop = asyncio.get_running_loop()
        wait = max(self._pause_ends - time.monotonic(), 0.0) if self._strangers else _SWEEP_SECONDS
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._ring()

    def _ring(self) -> None:
        if not self._rings:
            self._rings = True
            self._rope.send(b"!")
