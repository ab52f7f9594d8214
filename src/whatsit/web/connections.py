"""The connections to a server: how many at most, in all and from one address, and who makes room for a newcomer."""

import contextlib
import resource
import socket
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeAlias

MOST = 512
"""Connections in all, where the system allows that many files."""
MOST_FROM_ONE_ADDRESS = 256
_OTHER_FILES = 384
"""Files that the rest of the process may need: pictures, cameras, databases, workers."""
_WANTED_FILES = 4096
_ENDING = 256
"""Connections that were told to end and have not yet."""

Client: TypeAlias = tuple[Any, ...]
"""A peer's address as the socket gives it: host, port, and more for IPv6."""


class Connections:
    """The open connections. It belongs to the event loop.

    A connection is *waiting* until a request of it was let in, then *working*, and *idle* between requests. Where there
    is no room for a newcomer, the one that waits longest ends, then the one that is idle longest: a visitor sends the
    request at once, those who only hold a place do not. Only where all are working, the newcomer is refused.

    Args:
        most: in all.
        from_one_address: from one address; loopback is one as well.
    """

    def __init__(self, most: int | None = None, from_one_address: int = MOST_FROM_ONE_ADDRESS) -> None:
        self._most = most if most is not None else _affordable()
        self._from_one_address = min(from_one_address, self._most)
        self._open: dict[tuple[str, int], Connection] = {}
        self._hosts: dict[str, _Host] = defaultdict(_Host)
        self._counted = 0

    def __len__(self) -> int:
        return len(self._open)

    def arrive(self, accepted: socket.socket, client: Client) -> "Connection | None":
        """Count a new connection; None where there is no room, and it is closed then."""
        place = self._hosts[client[0]]
        if len(self._open) >= self._most + _ENDING or not self._room(place):
            accepted.close()
            self._forget_host(client[0])
            return None
        connection = Connection(self, (client[0], client[1]), accepted)
        self._open[connection.client] = connection
        place.waiting[connection] = None
        place.count += 1
        self._counted += 1
        return connection

    def asked(self, connection: "Connection", known: bool) -> None:
        """It has sent something: its wait for an answer begins, which a known visitor's is not ended in."""
        place = self._hosts[connection.client[0]]
        if not connection.ending:
            del place.waiting[connection]
            (place.idle if known else place.waiting)[connection] = None

    @contextlib.contextmanager
    def working(self, client: Client | None) -> Iterator[None]:
        """While a client's request is being answered, its connection is not ended for a newcomer."""
        connection = self._open.get((client[0], client[1])) if client else None
        if connection is None or connection.ending:
            yield
            return
        place = self._hosts[connection.client[0]]
        connection.requests += 1
        place.waiting.pop(connection, None)
        place.idle.pop(connection, None)
        try:
            yield
        finally:
            connection.requests -= 1
            if not connection.requests and connection.client in self._open and not connection.ending:
                place.idle[connection] = None

    def left(self, connection: "Connection") -> None:
        """Forget a connection that was closed."""
        if self._open.pop(connection.client, None) is not None and not connection.ending:
            self._uncount(connection)

    def _room(self, place: "_Host") -> bool:
        if place.count >= self._from_one_address:
            return self._end_one(place)
        if self._counted >= self._most:
            return self._end_one(max(self._hosts.values(), key=lambda host: host.count))
        return True

    def _end_one(self, place: "_Host") -> bool:
        connection = next(iter(place.waiting), None) or next(iter(place.idle), None)
        if connection is None:
            return False
        self._uncount(connection)
        connection.ending = True
        with contextlib.suppress(OSError):  # closed by the other side already
            connection.shutdown(socket.SHUT_RDWR)  # the event loop reads the end and closes, also amid a TLS handshake
        return True

    def _uncount(self, connection: "Connection") -> None:
        place = self._hosts[connection.client[0]]
        place.waiting.pop(connection, None)
        place.idle.pop(connection, None)
        place.count -= 1
        self._counted -= 1
        self._forget_host(connection.client[0])

    def _forget_host(self, host: str) -> None:
        if not self._hosts[host].count:
            del self._hosts[host]


class _Host:
    def __init__(self) -> None:
        self.count = 0
        self.waiting: dict[Connection, None] = {}
        """Those that no request was let in from, the oldest first."""
        self.idle: dict[Connection, None] = {}
        """Those between two requests, the longest idle first."""


class Connection(socket.socket):
    """An accepted connection, counted until it is closed."""

    def __init__(self, connections: Connections, client: tuple[str, int], accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.client = client
        self.requests = 0
        """Those being answered."""
        self.ending = False
        """Whether it was ended for a newcomer."""
        self._connections = connections

    def close(self) -> None:
        """Close it and make room for another."""
        super().close()
        self._connections.left(self)


def _affordable() -> int:
    """As many connections as the process's files allow, after raising their limit where that is allowed."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < _WANTED_FILES:
        wanted = _WANTED_FILES if most == resource.RLIM_INFINITY else min(_WANTED_FILES, most)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(32, min(MOST, files - _OTHER_FILES - _ENDING))
