"""Network cameras as they are: boundaries of every kind, passwords, redirects, single pictures, and what lies."""

import base64
import hashlib
import io
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mjpeg_server import red_jpeg
from web_cameras import WebServer, response
from whatsit import open_camera
from whatsit.cameras.capture import Capture
from whatsit.cameras.http_auth import Credentials, read_challenges
from whatsit.cameras.multipart import PictureParts
from whatsit.cameras.sources.mjpeg import StillCapture, open_mjpeg
from whatsit.cameras.web_response import WebCamera
from whatsit.errors import CameraError, CameraLostError

JPEG = red_jpeg(32, 24)
STREAM = "multipart/x-mixed-replace"


def stream(
    line: bytes, *, length: bool = True, end: bytes = b"\r\n", newline: bytes = b"\r\n", count: int = 3
) -> bytes:
    one = line + newline + b"Content-Type: image/jpeg" + newline
    one += (b"Content-Length: %d" % len(JPEG) + newline if length else b"") + newline + JPEG + end
    return one * count + line + newline


def pictures(capture: Capture) -> int:
    """How many red pictures come before the stream ends."""
    count = 0
    try:
        while True:
            picture = capture.grab()
            assert picture.shape == (24, 32, 3) and picture[12, 16, 0] > 200
            count += 1
    except CameraLostError:
        return count
    finally:
        capture.release()


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    ("parameter", "line"),
    [
        ("; boundary=b", b"--b"), ("; boundary=--b", b"--b"), ("; boundary=--b", b"----b"), ("; boundary=b", b"----b"),
        ("; boundary=b", b"b"), ("; boundary=--b", b"b"), ('; boundary="b c"', b"--b c"), ('; boundary="--b"', b"--b"),
        ("; Boundary=b", b"--b"), ("; boundary=b", b"--b--"), ("; boundary=b", b"--another"), ("", b"--b"),
        ("; boundary=", b"--b"), ("; boundary=-", b"--b"),
    ],
)  # fmt: skip
def test_a_boundary_is_known_however_its_dashes_are_written(parameter, line, newline, length):
    body = stream(line, length=length, newline=newline)
    with WebServer(lambda *_: response(body, content_type=STREAM + parameter)) as server:
        assert pictures(open_mjpeg(server.url())) == 3


@pytest.mark.parametrize(
    "body",
    [
        stream(b"--b", end=b""),
        stream(b"--b", end=b"", length=False),
        stream(b"----b", end=b"", length=False),
        stream(b"--b").partition(b"\r\n")[2] + stream(b"--b", count=1),
        stream(b"--b").replace(b"Content-Length: %d" % len(JPEG), b"Content-Length: 0"),
        stream(b"--b").replace(b"Content-Length: %d" % len(JPEG), b"content-length:%d" % (len(JPEG) + 2)),
        stream(b"--b").replace(b"\r\nContent-Type", b"\r\n" + b"X-Time: 1\r\n" * 20 + b"Content-Type"),
        stream(b"--b").replace(
            b"--b\r\n", b"--b\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi\r\n--b\r\n"
        ),
    ],
    ids=["no newline", "no newline, no length", "dashes too", "begins late", "0", "too long", "headers", "text parts"],
)
def test_careless_streams_are_read(body):
    with WebServer(lambda *_: response(body, content_type=f"{STREAM};boundary=b")) as server:
        assert pictures(open_mjpeg(server.url())) == 3


def test_the_variants_of_the_cases_are_read_or_refused_by_what_they_send(shared_data: Path, tmp_path: Path):
    for number in range(20):
        (tmp_path / f"{number}.jpg").write_bytes(red_jpeg())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = (shared_data.parent / "cases" / "mjpeg_variants_server.py").read_text()
    source = source.replace("/path/to/pictures", str(tmp_path)).replace("8150", str(port))
    source = source.replace(",H).serve_forever()", ",H)").replace("S((", "server = S((")
    source += "\nprint('on', flush=True)\nserver.serve_forever()\n"
    running = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    try:
        assert running.stdout.readline() == b"on\n"
        works = (
            "plain dashes dashes4 quoted nolength lf chunked nofirst mismatch mismatch_nodash noboundary mixed upper "
            "png notail len0 lenshort lenlong text stockend manyhdr snapshot.jpg redirect notype"
        )
        for name in works.split():
            capture = open_mjpeg(f"http://127.0.0.1:{port}/{name}")
            try:
                for _ in range(2):
                    assert capture.grab().shape == (240, 320, 3), name
            finally:
                capture.release()
        capture = open_mjpeg(f"http://me:secret@127.0.0.1:{port}/digest")
        assert capture.grab().shape == (240, 320, 3)
        capture.release()
        with pytest.raises(CameraError, match=r"but status 200 OK, text/html, which begins '<html>'"):
            open_mjpeg(f"http://127.0.0.1:{port}/html")
        with pytest.raises(CameraError, match="asks for a name and password"):
            open_mjpeg(f"http://127.0.0.1:{port}/digest")
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


class Guarded:
    """A camera that checks a Digest answer as RFC 7616 has it."""

    def __init__(self, challenge: str, hashed: str = "md5", user: str = "me", password: str = "s:cret") -> None:
        self.challenge, self.hashed, self.user, self.password = challenge, hashed, user, password

    def __call__(self, path: str, headers: dict[str, str]) -> bytes:
        given = headers.get("authorization", "")
        if not given.startswith("Digest ") or not self._right(path, given):
            return response(status="401 Unauthorized", www_authenticate=self.challenge)
        return response(JPEG, content_type="image/jpeg")

    def _right(self, path: str, given: str) -> bool:
        found = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', given)}

        def digest(text: str) -> str:
            return hashlib.new(self.hashed, text.encode()).hexdigest()

        secret = digest(f"{self.user}:cam era:{self.password}")
        if found.get("algorithm", "").endswith("-sess"):
            secret = digest(f"{secret}:n1:{found['cnonce']}")
        middle = f"{found['nc']}:{found['cnonce']}:auth:" if "qop" in found else ""
        wanted = digest(f"{secret}:n1:{middle}{digest(f'GET:{path}')}")
        return (found["response"], found["uri"], found["username"]) == (wanted, path, self.user)


class TestPasswords:
    @pytest.mark.parametrize(
        ("challenge", "hashed"),
        [
            ('Digest realm="cam era", nonce="n1", qop="auth"', "md5"),
            ('Digest realm="cam era", nonce="n1"', "md5"),
            ('Digest realm="cam era",nonce="n1",algorithm=MD5,qop="auth,auth-int",opaque="o"', "md5"),
            ('digest nonce="n1", realm="cam era", algorithm=SHA-256, qop=auth', "sha256"),
            ('Digest realm="cam era", nonce="n1", algorithm=MD5-sess, qop="auth"', "md5"),
            ('Digest realm="cam era", nonce="n1", algorithm=SHA-256-sess, qop="auth"', "sha256"),
            ('Basic realm="cam era", Digest realm="cam era", nonce="n1", algorithm="SHA-256", qop="auth"', "sha256"),
        ],
    )
    def test_digest_is_answered_as_the_camera_asks(self, challenge, hashed):
        with WebServer(Guarded(challenge, hashed)) as server:
            capture = open_mjpeg(server.url("/snap.jpg?a=1&b=2", "me:s%3Acret@"))
            capture._interval = capture._due = 0
            assert [capture.grab().shape for _ in range(3)] == [(24, 32, 3)] * 3
            assert "s:cret" not in str(server.requests) and len(server.requests) == 4
            counts = [re.search(r"nc=(\d+)", headers["authorization"]) for _, headers in server.requests[1:]]
            assert not any(counts) or [one[1] for one in counts] == ["00000001", "00000002", "00000003"]

    def test_the_strongest_that_can_be_answered_is_taken(self):
        found = read_challenges(
            ['Basic realm="x"', 'Digest realm="x", nonce="1", algorithm=MD5', 'Digest realm="x", nonce="2", '
             'algorithm=SHA-256', 'Digest realm="x", nonce="3", algorithm=SHA-512-256']
        )  # fmt: skip
        assert found[0] and found[1].nonce == "2"
        assert read_challenges(['Digest realm="x", nonce="1", qop="auth-int"', "Digest", "Negotiate"]) == (False, None)

    def test_the_example_of_the_specification_gives_its_response(self, monkeypatch):
        monkeypatch.setattr("whatsit.cameras.http_auth.secrets.token_hex", lambda _: "0a4f113b")
        _, digest = read_challenges(
            ['Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
             'opaque="5ccc069c403ebaf9f0171e9517f40e41"']
        )  # fmt: skip
        header = digest.header(Credentials("Mufasa", "Circle Of Life"), "GET", "/dir/index.html")
        assert 'response="6629fae49393a05397450978507c4ef1"' in header  # RFC 2617, section 3.5

    def test_basic_is_sent_only_where_it_is_asked_for(self):
        def guarded(_: str, headers: dict[str, str]) -> bytes:
            wanted = "Basic " + base64.b64encode(b"me:p\xc3\xa9").decode()
            if headers.get("authorization") != wanted:
                return response(status="401 No", www_authenticate='Basic realm="cam"')
            return response(JPEG, content_type="image/jpeg")

        with WebServer(guarded) as server:
            open_mjpeg(server.url("/", "me:p%C3%A9@")).release()
            assert [headers.get("authorization") is None for _, headers in server.requests] == [True, False]

    @pytest.mark.parametrize(
        "challenge",
        ['Digest realm="cam era", nonce="n1", qop="auth"', 'Basic realm="x"', "Negotiate", "Digest ,,=", ""],
    )
    def test_a_wrong_password_is_said_after_few_attempts(self, challenge):
        with WebServer(Guarded(challenge)) as server:
            with pytest.raises(CameraError, match=r"does not accept the name and password \(status 401 Unauthorized\)"):
                open_mjpeg(server.url("/", "me:wrong@"))
            assert len(server.requests) <= 3
            with pytest.raises(CameraError, match="asks for a name and password"):
                open_mjpeg(server.url())

    def test_a_camera_with_a_new_challenge_each_time_is_given_up(self):
        numbers = iter(range(1000))

        def fresh(*_: object) -> bytes:
            said = f'Digest realm="x", nonce="{next(numbers)}", qop="auth", stale=true'
            return response(status="401 No", www_authenticate=said)

        with WebServer(fresh) as server:
            with pytest.raises(CameraError, match="does not accept"):
                open_mjpeg(server.url("/", "me:x@"))
            assert len(server.requests) <= 4


class TestRedirects:
    @pytest.mark.parametrize(
        "location", ["/stream here?a=b", "stream", "http://127.0.0.1:{port}/stream", "//127.0.0.1:{port}/s"]
    )
    def test_one_within_the_host_is_followed_with_the_password(self, location):
        def moved(path: str, headers: dict[str, str]) -> bytes:
            if path == "/":
                return response(status="302 Found", location=location.format(port=server.port))
            if "authorization" not in headers:
                return response(status="401 No", www_authenticate='Basic realm="x"')
            return response(stream(b"--b"), content_type=f"{STREAM}; boundary=b")

        with WebServer(moved) as server:
            assert pictures(open_mjpeg(server.url("/", "me:x@"))) == 3

    @pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="cam era", nonce="n1", qop="auth"'])
    def test_the_password_goes_to_no_other_port_of_the_host(self, challenge):
        other_asks = True

        def other(_: str, headers: dict[str, str]) -> bytes:
            if other_asks:
                return response(status="401 No", www_authenticate=challenge)
            return response(stream(b"--b"), content_type=f"{STREAM}; boundary=b")

        def moved(_: str, headers: dict[str, str]) -> bytes:
            if "authorization" not in headers:
                return response(status="401 No", www_authenticate=challenge)
            return response(status="302 Found", location=elsewhere.url("/stream"))

        with WebServer(moved) as server, WebServer(other) as elsewhere:
            with pytest.raises(CameraError, match=f"redirects to http://127.0.0.1:{elsewhere.port}, which asks"):
                open_mjpeg(server.url("/", "me:x@"))
            other_asks = False
            assert pictures(open_mjpeg(server.url("/", "me:x@"))) == 3
            assert all("authorization" not in headers for _, headers in elsewhere.requests)
            assert "authorization" in server.requests[-1][1]

    @pytest.mark.parametrize(
        ("location", "said"),
        [
            ("http://localhost:{port}/", "another host, localhost: give that address"),
            ("http://evil.example/\x1b]0;x\x07", "another host, evil.example"),
            ("ftp://127.0.0.1/", "no web address"), ("file:///etc/passwd", "no web address"), ("", "nowhere"),
            ("http://[/", "no web address"), ("http://127.0.0.1:99999/", "no web address"), ("/", "in circles"),
        ],
    )  # fmt: skip
    def test_one_elsewhere_is_refused_and_said(self, location, said):
        def moved(*_: object) -> bytes:
            return response(status="301 Moved", location=location.format(port=server.port))

        with WebServer(moved) as server:
            with pytest.raises(CameraError, match=re.escape(said)) as refused:
                open_mjpeg(server.url("/", "me:x@"))
            assert len(server.requests) <= 6 and str(refused.value).isprintable()

    def test_redirects_without_end_are_given_up(self):
        def moved(path: str, _: dict[str, str]) -> bytes:
            return response(status="307 Go on", location=f"{path}x")

        with WebServer(moved) as server:
            with pytest.raises(CameraError, match="in circles"):
                open_mjpeg(server.url())
            assert len(server.requests) < 9


class TestSinglePictures:
    def test_a_picture_is_asked_for_again_at_a_pace(self):
        with WebServer(lambda *_: response(JPEG, content_type="image/jpeg")) as server:
            capture = open_mjpeg(server.url("/snapshot.jpg"))
            assert isinstance(capture, StillCapture) and capture._interval >= 0.2
            capture._interval = capture._due = 0
            assert [capture.grab().shape for _ in range(4)] == [(24, 32, 3)] * 4
            assert len(server.requests) == 4
            capture.release()

    def test_it_is_a_camera_like_any_other(self):
        with (
            WebServer(lambda *_: response(JPEG, content_type="image/jpg")) as server,
            open_camera(server.url()) as camera,
        ):
            first, second = camera.read(), camera.read()
            assert first.image.shape == second.image.shape == (24, 32, 3) and second.time > first.time

    def test_a_picture_without_a_type_is_known_by_its_first_bytes(self):
        with WebServer(lambda *_: response(JPEG)) as server:
            assert np.mean(open_mjpeg(server.url()).grab()[:, :, 0]) > 200

    def test_what_only_begins_like_a_picture_is_none(self):
        for body in (b"BM is no picture" * 4, b"RIFF....WAVEfmt ", b"GIF8x"):
            with WebServer(lambda *_, sent=body: response(sent)) as server, pytest.raises(CameraError, match="neither"):
                open_mjpeg(server.url())

    def test_one_that_never_ends_is_given_up(self):
        endless = response(JPEG + b"\0" * (17 * 2**20), content_type="image/jpeg")
        with WebServer(lambda *_: endless) as server, pytest.raises(CameraLostError, match="more than 16,777,216"):
            open_mjpeg(server.url())


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            (response(b"<h1>Not\r\n here</h1>", "404 Not Found", content_type="text/html"),
             "answers with status 404 Not Found, text/html, which begins '<h1>Not here</h1>'"),
            (response(b"", "503 Busy"), "it answers with status 503 Busy, no content type, empty"),
            (response(b"{}", content_type="application/json"), "status 200 OK, application/json, which begins '{}'"),
            (response(b"\x1b[31mred\x07", "500 \x1b[2Jboo", content_type="text/\x1b"), "status 500 "),
            (response(b"x" * 5000, content_type="text/plain"), "…'"),
            (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", "it does not answer (got more than 100 headers)"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "it does not answer (got more than 65536 bytes"),
            (b"SSH-2.0-OpenSSH_9\r\n", "it does not answer (SSH-2.0-OpenSSH_9"),
            (b"", "it does not answer (Remote end closed connection without response)"),
        ],
    )  # fmt: skip
    def test_what_the_server_sent_stands_in_the_error(self, sent, said):
        with WebServer(lambda *_: sent) as server:
            with pytest.raises(CameraError, match=re.escape(said)) as refused:
                open_mjpeg(server.url())
            assert str(refused.value).isprintable() and len(str(refused.value)) < 400

    def test_a_dead_address_is_one_plain_line_of_capture(self, tmp_path, whatsit_line):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        told = ("capture", "--label", "mug", "--project", tmp_path / "p", "--camera")
        status, said = whatsit_line(*told, f"http://me:secret@127.0.0.1:{port}/x")
        assert status == 1 and "it does not answer (Connection refused)" in said and said.count("\n") == 1
        assert "Errno" not in said and "again" not in said and "secret" not in said
        status, said = whatsit_line(*told, "http://nowhere.invalid/")
        assert status == 1 and "does not answer" in said and "Errno" not in said


@pytest.mark.parametrize(
    "content",
    [b"x\r\n" * 6_000_000, b"x" * (17 * 2**20), b"--\r\n" * 5_000_000, b"--b\r\n" + b"A: b\r\n" * 100,
     b"--b\r\nContent-Length: 99999999\r\n\r\n", b"--b\r\n\r\n" + b"\xff" * (17 * 2**20),
     b"--b\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx\r\n" * 1200],
    ids=["lines", "no line", "dashes", "headers", "length", "no end", "texts"],
)  # fmt: skip
def test_a_stream_without_pictures_is_given_up(content):
    with pytest.raises(CameraLostError):
        PictureParts(io.BytesIO(content), b"b").next()


def test_an_address_with_strange_characters_cannot_smuggle_a_header():
    with WebServer(lambda *_: response(JPEG, content_type="image/jpeg")) as server:
        WebCamera(server.url("/a b\u00e9") + "?q=x y\x7f").get().close()
        ((path, headers),) = server.requests
        assert " " not in path and "\x7f" not in path and set(headers) >= {"host", "accept"}
