"""Who is let into the event loop, and when: visitors with the cookie first, the silent never."""

import asyncio
import contextlib
import socket
import stat
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from whatsit.files import cache_folder
from whatsit.web import listener as listening
from whatsit.web.access import Access
from whatsit.web.connections import Connections
from whatsit.web.cookie_key import cookie_key
from whatsit.web.listener import Listener

TOKEN = "open-sesame-street"


class Door:
    """A listener in an event loop, and clients at it."""

    def __init__(self, connections: Connections, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.listener = stack.enter_context(
            contextlib.closing(Listener(connections, socket.AF_INET, socket.SOCK_STREAM, 0))
        )
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.listener.setblocking(False)

    def client(self, said: bytes = b"", host: str = "127.0.0.1") -> socket.socket:
        made = socket.create_connection(self.listener.getsockname(), source_address=(host, 0))
        self._stack.enter_context(contextlib.closing(made)).sendall(said)
        return made

    async def entering(self, count: int) -> list[bytes]:
        """What the next clients said who are let in, as the event loop lets them in."""
        said: list[bytes] = []
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.listener.fileno(), ready.set)
        async with asyncio.timeout(10):
            while len(said) < count:
                await ready.wait()
                ready.clear()
                with contextlib.suppress(BlockingIOError):
                    while len(said) < count:
                        connection, _ = self.listener.accept()
                        said.append(self._stack.enter_context(contextlib.closing(connection)).recv(100))
        loop.remove_reader(self.listener.fileno())
        return said


@pytest.fixture
def door() -> Iterator[Callable[..., Door]]:
    with contextlib.ExitStack() as stack:
        yield lambda connections=None: Door(Connections() if connections is None else connections, stack)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_a_known_visitor_enters_ahead_of_every_stranger(door: Callable[..., Door]) -> None:
    at = door()
    at.listener.known = lambda head: head == b"friend"
    for number in range(20):
        at.client(b"stranger %d" % number)
    at.client(b"friend")
    assert run(at.entering(21))[0] == b"friend"


def test_who_says_nothing_does_not_enter(door: Callable[..., Door]) -> None:
    at = door()
    for _ in range(20):
        at.client()
    at.client(b"first")
    assert run(at.entering(1)) == [b"first"]


def test_who_says_nothing_for_long_is_hung_up_on(door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(listening, "_SWEEP_SECONDS", 0.0)
    at = door()
    silent = at.client()
    with pytest.raises(TimeoutError):
        run(asyncio.wait_for(at.entering(1), 0.2))
    silent.settimeout(10)
    assert silent.recv(1) == b""


def test_strangers_enter_by_turns_between_their_addresses(door: Callable[..., Door]) -> None:
    at = door()
    at.listener.known = lambda head: False
    for _ in range(8):
        at.client(b"greedy")
    at.client(b"other", "127.0.0.2")
    assert b"other" in run(at.entering(3))[:2]


def test_more_visitors_than_enter_at_once_all_enter(door: Callable[..., Door]) -> None:
    at = door()
    for number in range(40):
        at.client(b"%d" % number)
    assert len(run(at.entering(40))) == 40


def test_a_full_house_turns_newcomers_away_and_the_event_loop_goes_on(door: Callable[..., Door]) -> None:
    connections = Connections(most=1, from_one_address=1)
    at = door(connections)

    async def fill() -> None:
        first = at.client(b"first")
        assert await at.entering(1) == [b"first"]
        newcomer = at.client(b"second")
        with connections.working(first.getsockname()), pytest.raises(TimeoutError):
            await asyncio.wait_for(at.entering(1), 0.1)
        newcomer.settimeout(10)
        with contextlib.suppress(ConnectionError):
            assert newcomer.recv(1) == b""

    run(fill())


def test_the_cookie_says_who_asks_and_the_token_does_not() -> None:
    access = Access.of("127.0.0.1", 80, TOKEN)
    right = f"{access.cookie}={access.cookie_value()}"
    assert access.begins_known(f"GET / HTTP/1.1\r\nHost: x\r\nCOOKIE: a=1; {right}\r\n".encode())
    assert not access.begins_known(f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {right}x\r\n\r\n".encode())
    assert not access.begins_known(f"GET /?token={TOKEN} HTTP/1.1\r\n\r\n".encode())
    assert not access.begins_known(f"GET / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    assert Access.of("127.0.0.1", 80, None).begins_known(b"G")


def test_who_guesses_tokens_cannot_try_them_as_cookies() -> None:
    one, other = (Access.of("127.0.0.1", 80, TOKEN) for _ in range(2))
    assert one.cookie_value() != other.cookie_value()


def test_the_key_of_cookies_outlasts_a_restart_and_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHATSIT_CACHE", str(tmp_path / "cache"))
    key = cookie_key()
    assert cookie_key() == key
    file = cache_folder() / "cookie.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"damaged")
    assert len(cookie_key()) == 32
    file.unlink()
    file.mkdir()
    assert len(cookie_key()) == 32 and cookie_key() != cookie_key()
