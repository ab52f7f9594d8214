"""Who is let in, and what is refused, over real sockets."""

import socket
from collections.abc import Callable

import httpx
import pytest
from served import Served
from studio_pictures import jpeg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from whatsit.web.access import Access, is_loopback


def raw(port: int, request: bytes, *, until_closed: bool = False) -> bytes:
    """What the server answers to bytes, until it closes or the head of an answer is there."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while (until_closed or b"\r\n\r\n" not in answer) and (received := connection.recv(65536)):
            answer += received
    return answer


def test_the_page_opens_on_this_machine_without_a_token(page: httpx.Client) -> None:
    answer = page.get("/")
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "192.168.1.7", ""])
def test_another_host_name_is_refused(page: httpx.Client, host: str) -> None:
    assert page.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machines_own_names_are_let_in(page: httpx.Client, host: str) -> None:
    assert page.get("/", headers={"host": f"{host}:1234"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}", None]
)
def test_a_change_from_another_site_is_refused(serve: Callable[..., Served], origin: str | None) -> None:
    running = serve()
    headers = {} if origin is None else {"origin": origin.format(port=running.port)}
    answer = httpx.post(f"{running.origin}/api/lesson/class", json={"label": "mug"}, headers=headers)
    assert answer.status_code == 403
    assert not running.studio.session.lesson.classes


@pytest.mark.parametrize("path", ["class", "clear", "undo", "learn"])
def test_reading_never_changes_anything(page: httpx.Client, path: str) -> None:
    assert page.get(f"/api/lesson/{path}").status_code in (404, 405)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_a_websocket_from_another_site_is_refused_before_it_opens(
    serve: Callable[..., Served], origin: str | None
) -> None:
    running = serve()
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{running.port}/ws", origin=origin)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_a_websocket_by_a_name_made_to_point_here_is_refused(serve: Callable[..., Served]) -> None:
    running = serve()
    site = f"evil.example:{running.port}"
    with pytest.raises(InvalidStatus) as refused:
        here = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        connect(f"ws://{site}/ws", origin=f"http://{site}", sock=here)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_a_websocket_of_the_page_is_let_in(serve: Callable[..., Served]) -> None:
    running = serve()
    with connect(f"ws://127.0.0.1:{running.port}/ws", origin=running.origin) as tab:  # type: ignore[arg-type]
        assert '"hello"' in str(tab.recv())


def test_with_a_token_nothing_is_given_away_without_it(serve: Callable[..., Served]) -> None:
    running = serve(token="open sesame street")
    with running.client() as stranger:
        for path in ("/", "/my_classes.bin", "/stream.mjpg", "/static/studio.css", "/?token=wrong", "/?token="):
            assert stranger.get(path).status_code == 401
        assert stranger.post("/api/lesson/class", json={}).status_code == 401
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{running.port}/ws", origin=running.origin)  # type: ignore[arg-type]


def test_the_token_is_traded_for_a_strict_cookie_and_leaves_the_address(serve: Callable[..., Served]) -> None:
    running = serve(token="open-sesame-street")
    with running.client() as visitor:
        welcome = visitor.get("/live?token=open-sesame-street&lang=zh")
        cookie = welcome.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "open-sesame-street" not in cookie + welcome.text
        assert "url=/live?lang=zh" in welcome.text
        assert visitor.get("/").status_code == 200
        assert visitor.post("/api/lesson/class", json={"label": "mug"}).status_code == 200
        visitor.headers["cookie"] = ""


def test_a_program_may_show_the_token_as_a_bearer(serve: Callable[..., Served]) -> None:
    running = serve(token="open-sesame-street")
    assert httpx.get(running.origin, headers={"authorization": "Bearer open-sesame-street"}).status_code == 200


def test_the_welcome_never_leads_elsewhere(serve: Callable[..., Served]) -> None:
    running = serve(token="open-sesame-street")
    for path in ("//evil.example/", "/\\evil.example", '/"><script>alert(1)</script>'):
        answer = raw(
            running.port,
            f"GET {path}?token=open-sesame-street HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode(),
        )
        assert b"url=//" not in answer
        assert b"<script>alert" not in answer


def test_a_server_for_the_network_makes_a_token_of_its_own(serve: Callable[..., Served]) -> None:
    running = serve(host="0.0.0.0")
    assert not running.server.address.loopback
    assert "?token=" in running.server.address.url
    assert httpx.get(running.origin).status_code == 401


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.168.1.2", False),
        ("pi.local", False),
    ],
)
def test_only_loopback_goes_without_a_token(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_on_the_network_figures_and_own_names_are_hosts_and_other_names_are_not() -> None:
    access = Access.of("0.0.0.0", 8080, "token", names=["studio.lan"])
    for host in ("192.168.1.2:8080", "[fe80::1]:8080", "studio.lan", f"{socket.gethostname()}.local"):
        assert access.host_allowed(host)
    for host in ("evil.example", "192.168.1.2.evil.example", "", "[broken"):
        assert not access.host_allowed(host)


def test_a_60_mb_upload_is_refused_before_it_is_sent(serve: Callable[..., Served]) -> None:
    running = serve()
    head = (
        f"POST /api/lesson/load HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nOrigin: {running.origin}\r\n"
        f"Content-Length: {60 * 2**20}\r\n\r\n"
    )
    # Not one byte of the body was sent when the answer came.
    assert raw(running.port, head.encode()).startswith(b"HTTP/1.1 413")


def test_a_60_mb_upload_without_a_length_is_refused_on_the_way(page: httpx.Client) -> None:
    chunks = (b"x" * 2**20 for _ in range(60))
    try:
        assert page.post("/api/lesson/load", content=chunks).status_code == 413
    except (httpx.WriteError, httpx.ReadError):
        pass  # the server closed while we were still sending
    assert page.get("/").status_code == 200


def test_headers_have_a_limit(serve: Callable[..., Served]) -> None:
    running = serve()
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: {'x' * 70_000}\r\n\r\n"
    assert raw(running.port, head.encode()).startswith(b"HTTP/1.1 431")
    endless = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: {'x' * 70_000}"
    answer = raw(running.port, endless.encode(), until_closed=True)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.endswith(b"headers of more than 32,768 bytes")


def test_a_request_sent_before_the_last_one_is_answered_is_left_to_another_connection(
    serve: Callable[..., Served],
) -> None:
    running = serve()
    one = f"GET /api/lesson HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n\r\n"
    answers = raw(running.port, one.encode() * 50, until_closed=True)
    assert answers.startswith(b"HTTP/1.1 200")
    assert answers.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_an_upgrade_that_is_not_wanted_leaves_the_request_whole(serve: Callable[..., Served], protocol: str) -> None:
    running = serve()
    inner = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n\r\n".encode()
    for body, status in ((b'{"label": "mug"}', b"200"), (inner, b"400")):
        head = (
            f"POST /api/lesson/class HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nOrigin: {running.origin}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        )
        answers = raw(running.port, head.encode() + body, until_closed=True)
        assert answers.startswith(b"HTTP/1.1 " + status)
        assert answers.count(b"HTTP/1.1 ") == 1
    assert raw(running.port, b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_a_request_names_one_host(serve: Callable[..., Served]) -> None:
    running = serve()
    host = f"Host: 127.0.0.1:{running.port}\r\n"
    assert raw(running.port, f"GET / HTTP/1.1\r\n{host}{host}\r\n".encode()).startswith(b"HTTP/1.1 400")


def test_a_frame_larger_than_a_camera_gives_closes_only_its_own_tab(serve: Callable[..., Served]) -> None:
    running = serve()
    address = f"ws://127.0.0.1:{running.port}/ws"
    with connect(address, origin=running.origin) as other:  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosed), connect(address, origin=running.origin) as greedy:  # type: ignore[arg-type]
            greedy.send(b"x" * (9 * 2**20))
            while True:
                greedy.recv(timeout=20)
        assert '"hello"' in str(other.recv(timeout=20))


def test_200_half_open_connections_do_not_keep_a_user_out(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsit.web.limits.HEADER_SECONDS", 2.0)
    running = serve()
    half_open = []
    try:
        for number in range(200):
            connection = socket.create_connection(("127.0.0.1", running.port), timeout=20)
            if number % 2:
                connection.sendall(b"POST /api/lesson/class HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            half_open.append(connection)
        with running.client() as user:
            assert user.get("/").status_code == 200
            assert user.post("/api/lesson/class", json={"label": "mug"}).status_code == 200
        with connect(f"ws://127.0.0.1:{running.port}/ws", origin=running.origin) as tab:  # type: ignore[arg-type]
            assert '"hello"' in str(tab.recv(timeout=20))
            # And they are not kept for ever: the server hangs up by itself.
            for connection in half_open[:2]:
                assert connection.recv(1) == b""
            # A WebSocket's headers arrived long ago: it stays.
            tab.send('{"video": true}')
            while not isinstance(tab.recv(timeout=20), bytes):
                pass
    finally:
        for connection in half_open:
            connection.close()


@pytest.mark.parametrize("label", ["a\0b", "x" * 10_240, ""])
def test_labels_that_cannot_be_used_get_one_line_and_change_nothing(page: httpx.Client, label: str) -> None:
    for path in ("/api/lesson/class", "/api/collect/take"):
        answer = page.post(path, json={"label": label})
        assert answer.status_code == 400
        assert "\n" not in answer.json()["error"]
        assert len(answer.json()["error"]) < 300
    assert page.get("/api/lesson").json()["classes"] == []


@pytest.mark.parametrize("label", ["../../etc", "<img src=x onerror=alert(1)>"])
def test_labels_of_markup_and_paths_are_harmless_text(serve: Callable[..., Served], label: str) -> None:
    running = serve()
    with running.client() as user:
        user.post("/api/lesson/class", json={"label": label})
        user.post("/api/collect/take", json={"label": label})
        answer = user.get("/api/lesson")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["classes"][0]["label"] == label
        assert "onerror" not in user.get("/").text
    dataset = running.studio.project.path / "dataset"
    # One picture where both frames were the same.
    assert {path.parent.parent for path in dataset.rglob("*.jpg")} == {dataset}


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/api/lesson/class", b"{", "the request: expected JSON"),
        ("/api/lesson/class", b"[]", "the request []: expected an object"),
        ("/api/lesson/rename", b'{"class_id": 1}', "label is missing"),
        ("/api/lesson/rename", b'{"class_id": 99, "label": "mug"}', ""),
        ("/api/lesson/remove-picture", b'{"shot_id": 9e99}', "shot_id 9e+99: expected a smaller number"),
        ("/api/lesson/upload?to=../../etc", b"x", ""),
        ("/api/lesson/load", b"\x00\x01", ""),
        ("/api/camera", b'{"uri": "file:///etc/passwd"}', ""),
        ("/api/camera", b'{"uri": "nonsense"}', ""),
        ("/api/models/open", b'{"name": "file:../../secret"}', ""),
        (
            "/api/models/threshold",
            b'{"name": "taught", "threshold": 7}',
            "threshold 7.0: expected a number from 0 to 1",
        ),
        ("/api/sweep", b'{"sizes": [96], "backbones": [], "fits": ["cover"]}', "0 designs: expected 1 to 60"),
        ("/api/sweep", b'{"sizes": [96], "backbones": ["lite0"], "fits": ["wide"]}', "fits.0 'wide': expected 'cover'"),
    ],
)
def test_nonsense_is_answered_in_one_line(page: httpx.Client, path: str, body: bytes, told: str) -> None:
    answer = page.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert page.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/pictures/..%2f..%2fetc.jpg", "/taken/1.jpg", "/dataset/tile/..%2f..%2fx.jpg"])
def test_nothing_outside_is_served(page: httpx.Client, path: str) -> None:
    assert page.get(path).status_code in (400, 404)


def test_an_upload_that_is_no_picture_is_refused(page: httpx.Client) -> None:
    assert "not a JPEG" in page.post("/api/lesson/upload?to=new", content=b"#!/bin/sh").json()["error"]
    assert page.post("/api/lesson/upload?to=new", content=jpeg("red")).status_code == 200
