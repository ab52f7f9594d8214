"""Webhooks: signed, in order, at least once, whatever happens to the network and to the program."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from said import said
from whatsit.errors import WhatsitError
from whatsit.live.sink_thread import SinkThread
from whatsit.live.sinks import open_sink
from whatsit.live.sinks.http_post import Reply
from whatsit.live.sinks.outbox import Outbox
from whatsit.live.sinks.webhook import Webhook, retry_wait, signature, signing_key

LONG = 30.0
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """What a fake server got, and what it says to it: statuses in turn, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        self.changed = threading.Condition()

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        with self.changed:
            self.got.append((headers, body))
            self.changed.notify_all()
            status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise ConnectionRefusedError(111, "Connection refused")
        return Reply(status)

    def labels(self) -> list[str]:
        return [json.loads(body)["data"]["label"] for _, body in self.got]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    def wait(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got) >= count, LONG), self.labels()


def hook(folder: Path, receiver: Receiver, keep: int = 100, **options: object) -> Webhook:
    return Webhook("webhook:test", Outbox(folder / "outbox.db", keep), receiver, first_wait=0.0, **options)  # type: ignore[arg-type]


def test_a_signature_is_that_of_the_standard() -> None:
    made = signature(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_change_is_posted_signed_and_once_where_all_goes_well(tmp_path: Path) -> None:
    receiver = Receiver()
    sink = hook(tmp_path, receiver, key=b"key", token="t0ken", clock=lambda: 1000.5)
    for label in ("mug", "mug", "book"):
        sink.send(said(label, time=5.0))
    sink.close()
    assert receiver.labels() == ["mug", "book"] and len(set(receiver.ids())) == 2
    headers, body = receiver.got[0]
    assert headers["webhook-signature"] == signature(b"key", headers["webhook-id"], "1000", body)
    assert headers["Authorization"] == "Bearer t0ken" and json.loads(body)["source"] == "still:"
    assert sink.delivery.last_sent == 1000.5 and not sink.delivery.waiting


def test_what_fails_is_tried_again_in_order_with_the_same_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(0, 503, 302, 429)
    sink = hook(tmp_path, receiver)
    sink.send(said("mug"))
    receiver.wait(5)
    sink.send(said("book"))
    sink.close()
    assert receiver.labels() == ["mug"] * 5 + ["book"]
    assert len(set(receiver.ids())) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "webhook:test failed: Connection refused; what waits is kept, and tried again",
        "webhook:test works again",
    ]


def test_an_event_that_the_receiver_cannot_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    receiver = Receiver(422)
    sink = hook(tmp_path, receiver)
    sink.send(said("mug"))
    sink.send(said("book"))
    sink.close()
    assert receiver.labels() == ["mug", "book"] and sink.delivery.dropped == 1


def test_what_cannot_be_delivered_now_is_delivered_after_the_next_start(tmp_path: Path) -> None:
    sink = hook(tmp_path, Receiver(*[503] * 10_000))
    thread = SinkThread(sink, lambda: None)
    for label in ("mug", "book", "duck"):
        thread.put(said(label))
    thread.close(LONG)
    assert sink.delivery.waiting == 3 and thread.state.waiting == 3 and thread.state.error == "HTTP 503"
    receiver = Receiver()
    hook(tmp_path, receiver).close()
    assert receiver.labels() == ["mug", "book", "duck"]


def test_the_outbox_is_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db", keep=3)
    for number in range(10):
        outbox.add(b"%d" % number)
    assert (outbox.waiting, outbox.dropped) == (3, 7)
    outbox.close()
    again = Outbox(tmp_path / "outbox.db", keep=3)
    oldest = again.oldest()
    assert oldest is not None and (oldest.body, again.waiting) == (b"7", 3)


def test_a_damaged_outbox_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outbox.db").write_bytes(b"no database" * 1000)
    receiver = Receiver()
    sink = hook(tmp_path, receiver)
    sink.send(said("mug"))
    sink.close()
    assert receiver.labels() == ["mug"] and (tmp_path / "outbox.db.damaged-1").is_file()
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        (None, 3.2, 4.8),
        ("120", 120, 120),
        ("999999", 3600, 3600),
        ("Thu, 01 Jan 1970 00:00:40 GMT", 30, 30),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 3.2, 4.8),
        ("soon", 3.2, 4.8),
        ("-5", 3.2, 4.8),
        ("²", 3.2, 4.8),
    ],
)
def test_waits_grow_and_follow_what_the_server_asks_for(retry_after: str | None, least: float, most: float) -> None:
    assert least <= retry_wait(2, retry_after, 1.0, now=10.0) <= most
    assert retry_wait(10**6, None, 1.0, now=0.0) <= 72


PROGRAM = """
import os, signal, sys, threading
sys.path[:0] = sys.argv[4:]
from urllib.parse import urlsplit
from said import said
from whatsit.live.sinks.http_post import poster
from whatsit.live.sinks.outbox import Outbox
from whatsit.live.sinks.webhook import Webhook
from pathlib import Path
url, outbox, killed_at = sys.argv[1:4]
post, calls, all_added = poster(urlsplit(url), 10, None), [], threading.Event()
def then_killed(body, headers):
    all_added.wait()
    reply = post(body, headers)
    calls.append(1)
    if len(calls) == int(killed_at):
        os.kill(os.getpid(), signal.SIGKILL)
    return reply
sink = Webhook("webhook:test", Outbox(Path(outbox), 1000), then_killed if int(killed_at) else post)
if int(killed_at):
    for number in range(8):
        sink.send(said(f"thing {number}"))
    all_added.set()
    signal.pause()
sink.close()
"""


def test_killed_between_delivery_and_its_record_it_delivers_at_least_once_in_order(
    tmp_path: Path, server: "Server"
) -> None:
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]
    for killed_at, status in ((3, -signal.SIGKILL), (0, 0)):
        command = [sys.executable, "-c", PROGRAM, server.url, str(tmp_path / "outbox.db"), str(killed_at), *paths]
        assert subprocess.run(command, timeout=60).returncode == status
    labels = [json.loads(body)["data"]["label"] for _, body in server.got]
    assert labels == [f"thing {number}" for number in (0, 1, 2, 2, 3, 4, 5, 6, 7)]
    assert len({headers["webhook-id"] for headers, _ in server.got}) == 8


def test_secrets_come_from_the_environment_or_a_file_and_stand_in_no_message(
    tmp_path: Path, server: "Server", monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOOK_KEY", SECRET)
    (tmp_path / "token").write_text("s3cr3t\n")
    options = f"secret=env:HOOK_KEY&token=file:{tmp_path}/token&outbox={tmp_path}/outbox.db"
    server.status = 503
    sink = open_sink(f"webhook:{server.url}hidden/path?key=hidden?{options}")
    thread = SinkThread(sink, lambda: None)
    thread.put(said("mug"))
    with server.changed:
        assert server.changed.wait_for(lambda: server.got, LONG)
    thread.close(LONG)
    headers, body = server.got[0]
    assert headers["path"] == "/hidden/path?key=hidden" and headers["Authorization"] == "Bearer s3cr3t"
    sent = signature(signing_key(SECRET), headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == sent
    shown = f"{thread.state} {caplog.text}"
    assert "HTTP 503" in shown and server.url in shown
    assert not [secret for secret in (SECRET, "s3cr3t", "hidden") if secret in shown]


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("webhook:", "^webhook: expected the URL of a server"),
        ("webhook:hidden", "^webhook:…: expected the URL of a server"),
        ("webhook:ftp://host/hidden", "expected the URL of a server"),
        ("webhook:https://host:99999/hidden", "expected the URL of a server"),
        ("webhook:https://me:hidden@host/", "a name and password in the URL"),
        ("webhook:https://host/hidden?secret=hidden", "secret: expected env:VARIABLE or file:PATH"),
        ("webhook:https://host/hidden?secret=env:NO_SUCH", "secret: env:NO_SUCH is missing"),
        ("webhook:https://host/hidden?secret=file:/no/such", "secret: /no/such cannot be read"),
        ("webhook:https://host/hidden?key=hidden&keep=5", "behind a second one"),
        ("webhook:https://host/hidden?keep=0", "keep=0 is not a number from 1"),
        ("webhook:http://host/hidden?token=env:PATH", "would be sent in plain text; use https"),
        ("webhook:https://host/hidden?ca=/no/such", "ca: cannot be read"),
        ("webhook:https://host/hidden?outbox=/proc/no/such.db", "cannot be written"),
    ],
)
def test_a_hook_that_cannot_be_used_is_refused_in_one_line_without_its_secrets(uri: str, named: str) -> None:
    with pytest.raises(WhatsitError, match=named) as raised:
        open_sink(uri)
    assert "hidden" not in str(raised.value) and "\n" not in str(raised.value)


def test_two_programs_do_not_deliver_from_one_outbox(tmp_path: Path) -> None:
    uri = f"webhook:https://localhost:9/?outbox={tmp_path}/outbox.db"
    sink = open_sink(uri)
    with pytest.raises(WhatsitError, match="another program delivers from it"):
        open_sink(uri)
    sink.close()
    open_sink(uri).close()


class Server:
    """A server on loopback that keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.changed = threading.Condition()
        self.status = 200
        keeper = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with keeper.changed:
                    keeper.got.append(({**self.headers, "path": self.path}, body))
                    keeper.changed.notify_all()
                self.send_response(keeper.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "WHATSIT_STATE", str(tmp_path / "state"))
