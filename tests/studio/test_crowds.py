"""Many visitors at once, and those who want in without a token."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from served import Served

from whatsit.errors import DataError
from whatsit.studio.pages.shared.camera import MAX_STREAMS
from whatsit.web.access import Access, cookie
from whatsit.web.connections import Connection, Connections
from whatsit.web.guesses import AT_ONCE, PER_SECOND, Guesses


class Room:
    """Connections over socket pairs, with addresses of our choice."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.far: list[socket.socket] = []
        self.near: list[Connection] = []

    def arrive(self, host: str = "10.0.0.1") -> Connection | None:
        near, far = socket.socketpair()
        self.far.append(far)
        connection = self.connections.arrive(near, (host, len(self.far)))
        self.near += [connection] if connection else []
        return connection


@pytest.fixture
def room() -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(**limits: int) -> Room:
        rooms.append(Room(Connections(**limits)))
        return rooms[-1]

    yield make
    for room in rooms:
        for end in (*room.far, *room.near):
            end.close()


def hung_up(far: socket.socket) -> bool:
    far.settimeout(10)
    with contextlib.suppress(ConnectionError):
        return far.recv(1) == b""
    return True


def test_who_waits_longest_without_a_request_makes_room_for_a_newcomer(room: Callable[..., Room]) -> None:
    few = room(most=10, from_one_address=3)
    first, second, third = (few.arrive() for _ in range(3))
    assert first and second and third
    with few.connections.working(first.client):
        newcomer = few.arrive()
        assert newcomer is not None
        assert (first.ending, second.ending, third.ending) == (False, True, False)
        assert hung_up(few.far[1])
    for connection in (first, second, third, newcomer):
        connection.close()
    assert len(few.connections) == 0


def test_a_connection_between_requests_goes_after_all_that_never_asked(room: Callable[..., Room]) -> None:
    few = room(most=10, from_one_address=2)
    asked, silent = few.arrive(), few.arrive()
    assert asked and silent
    with few.connections.working(asked.client):
        pass
    few.arrive()
    assert (asked.ending, silent.ending) == (False, True)


def test_where_all_are_being_answered_a_newcomer_is_refused(room: Callable[..., Room]) -> None:
    few = room(most=10, from_one_address=1)
    first = few.arrive()
    assert first
    with few.connections.working(first.client):
        assert few.arrive() is None
        assert hung_up(few.far[1])
    assert few.arrive() is not None


def test_a_request_that_is_being_answered_keeps_its_place_in_a_running_studio(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsit.web.server.Connections", lambda: Connections(most=1, from_one_address=1))
    running = serve()
    with contextlib.ExitStack() as silent, running.client() as page, page.stream("GET", "/stream.mjpg") as stream:
        parts = stream.iter_bytes()
        next(parts)
        crowd = [silent.enter_context(socket.create_connection(("127.0.0.1", running.port))) for _ in range(5)]
        assert hung_up(crowd[0])
        for _ in range(50):
            assert next(parts)


def test_one_address_cannot_take_the_places_of_others(room: Callable[..., Room]) -> None:
    few = room(most=4, from_one_address=4)
    crowd = [few.arrive("10.0.0.1") for _ in range(3)]
    quiet = few.arrive("10.0.0.2")
    visitor = few.arrive("10.0.0.3")
    assert quiet and visitor
    assert not quiet.ending
    assert [connection.ending for connection in crowd if connection] == [True, False, False]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("whatsit_80=abc", "abc"),
        ("a=1; whatsit_80=abc ; whatsit_80=other", "abc"),
        ('broken"[=; =; ;; whatsit_80=a=b', "a=b"),
        ("whatsit_8=abc; xwhatsit_80=abc; whatsit_80", ""),
        ("whatsit_800=abc", None),
        ("", None),
        ("; ".join(f'a{at}="b' for at in range(3000)), None),
    ],
)
def test_one_cookie_is_found_among_any_others(header: str, value: str | None) -> None:
    assert cookie(header, "whatsit_80") == value


def test_wrong_tokens_are_counted_by_address_and_time_makes_up_for_them() -> None:
    now = 0.0
    guesses = Guesses(clock=lambda: now)
    for number in range(AT_ONCE):
        assert guesses.allowed("2001:db8::1")
        guesses.wrong(f"2001:db8::{number + 1:x}")
    assert not guesses.allowed("2001:db8::ffff")  # the same network
    assert guesses.allowed("2001:db8:0:1::1")
    assert guesses.allowed("127.0.0.1")
    now = 1 / PER_SECOND
    assert guesses.allowed("2001:db8::1")


def test_who_guesses_has_to_wait_and_who_was_let_in_does_not(serve: Callable[..., Served]) -> None:
    running = serve(token="open-sesame-street")
    with running.client() as visitor, running.client() as stranger:
        assert visitor.get("/?token=open-sesame-street").status_code == 200
        for number in range(AT_ONCE):
            assert stranger.get(f"/?token=guess-{number}").status_code == 401
        waiting = stranger.get("/api/lesson?token=open-sesame-street")
        assert waiting.status_code == 429
        assert "wait" in waiting.json()["error"]
        assert stranger.get("/", headers={"authorization": "Bearer open-sesame-street"}).status_code == 429
        assert visitor.get("/").status_code == 200


@pytest.mark.parametrize(
    "token", ["", "short", "elevenchars", " open-sesame-street", "öffne-dich-sesam", "open\nsesame street"]
)
def test_a_token_that_keeps_nobody_out_is_refused(serve: Callable[..., Served], token: str) -> None:
    with pytest.raises(DataError, match="12 or more letters"):
        serve(token=token)


def test_the_printed_address_works_whatever_the_token_is(serve: Callable[..., Served]) -> None:
    running = serve(token="a&b=c d#e/100%25?")
    with httpx.Client() as visitor:
        assert "whatsit_" in visitor.get(running.server.address.url).headers["set-cookie"]


def test_readers_of_the_stream_take_no_windows_place(serve: Callable[..., Served]) -> None:
    running = serve()
    with contextlib.ExitStack() as reading, running.client() as page:
        for _ in range(MAX_STREAMS):
            stream = reading.enter_context(page.stream("GET", "/stream.mjpg"))
            assert stream.status_code == 200
        refused = page.get("/stream.mjpg")
        assert refused.status_code == 503
        assert "already" in refused.json()["error"]
        assert running.studio.hub.watchers() == 0


def test_a_stalled_tls_handshake_is_given_up(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsit.web.server._HANDSHAKE_SECONDS", 0.5)
    running = serve(tls=True)
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as stalled:
        stalled.sendall(b"\x16\x03\x01")
        assert hung_up(stalled)


def test_an_answer_that_nobody_reads_is_given_up(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsit.web.limits.SEND_SECONDS", 0.5)
    running = serve()
    gone = threading.Event()
    left = Connections.left

    def watched(connections: Connections, connection: Connection) -> None:
        left(connections, connection)
        gone.set()

    monkeypatch.setattr(Connections, "left", watched)
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as deaf:
        deaf.sendall(f"GET /stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n\r\n".encode())
        assert gone.wait(60)


def test_a_host_of_a_foreign_name_is_no_guess() -> None:
    assert not Access.of("127.0.0.1", 80, "open-sesame-street").host_allowed("evil.example")
