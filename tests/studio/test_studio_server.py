"""The server as a process: starting, refusing, ending; and what tabs receive."""

import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from served import Served
from studio_pictures import jpeg
from websockets.sync.client import ClientConnection, connect

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.errors import DataError
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer
from whatsit.web.tls import self_signed

SCRIPT = Path(__file__).parent / "studio_server.py"


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, SCRIPT, folder, *(arguments or ("0",))], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 30)
    assert ready, "the studio said nothing"
    return process.stdout.readline().decode().strip()


def until(tab: ClientConnection, kind: str) -> dict[str, object]:
    """The next message of a kind."""
    while True:
        message = tab.recv(timeout=20)
        if isinstance(message, str) and (parsed := json.loads(message))["kind"] == kind:
            return dict(parsed)


def next_picture(tab: ClientConnection) -> bytes:
    while True:
        message = tab.recv(timeout=20)
        if isinstance(message, bytes):
            return message


@contextmanager
def connect_all(running: Served, count: int) -> Iterator[list[ClientConnection]]:
    """So many tabs."""
    address = f"ws://127.0.0.1:{running.port}/ws"
    with ExitStack() as opened:
        yield [opened.enter_context(connect(address, origin=running.origin)) for _ in range(count)]  # type: ignore[arg-type]


def test_sigterm_with_open_tabs_ends_it_in_time_with_the_camera_released(tmp_path: Path) -> None:
    process = start(tmp_path)
    url = line(process)
    with (
        connect(url.replace("http", "ws") + "ws", origin=url.rstrip("/")) as tab,  # type: ignore[arg-type]
        httpx.stream("GET", f"{url}stream.mjpg") as stream,
    ):
        tab.send('{"video": true, "answers": "taught"}')
        next_picture(tab)
        assert next(stream.iter_bytes()).startswith(b"--frame")
        process.send_signal(signal.SIGTERM)
        output, complaints = process.communicate(timeout=5)
    assert process.returncode == 0
    assert output.endswith(b"released\n")
    assert b"Traceback" not in complaints


def test_a_second_studio_on_a_project_is_told_who_the_first_is(tmp_path: Path) -> None:
    first = start(tmp_path)
    line(first)
    second = start(tmp_path)
    _, complaint = second.communicate(timeout=30)
    assert second.returncode == 1
    assert str(first.pid).encode() in complaint
    assert complaint.count(b"\n") == 1
    first.kill()
    first.communicate()
    third = start(tmp_path)
    assert line(third).startswith("http")
    third.terminate()
    third.communicate()


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        studio = Studio(tmp_path, PixelEmbedder())
        with pytest.raises(DataError, match=f"port {port} is taken") as refused:
            StudioServer(studio, port=port)
    assert "\n" not in str(refused.value)
    # The project was let go: another studio may have it.
    Studio(tmp_path, PixelEmbedder()).close()


def test_without_a_wish_the_next_free_port_is_found_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr("whatsit.web.server.DEFAULT_PORT", other.getsockname()[1])
        studio = Studio(tmp_path, PixelEmbedder())
        server = StudioServer(studio)
        assert server.address.moved
        assert server.address.port != other.getsockname()[1]
        server.close()


def test_twenty_viewers_see_one_encoding_of_each_frame(serve: Callable[..., Served]) -> None:
    running = serve()
    with connect_all(running, 20) as tabs:
        for tab in tabs:
            tab.send('{"video": true}')
        for tab in tabs:
            next_picture(tab)
        for tab in tabs:
            for _ in range(5):
                next_picture(tab)
        assert 6 <= running.studio.encoded <= running.studio.feed.camera.frames


def test_nothing_is_encoded_or_recognised_while_nobody_watches(serve: Callable[..., Served]) -> None:
    running = serve()
    with connect_all(running, 1) as [tab]:
        until(tab, "camera")
        before = running.studio.feed.camera.frames
        assert running.studio.feed.camera.wait_for(lambda camera: camera.frames > before + 5, 10)
        assert running.studio.encoded == 0


def test_a_tab_that_does_not_read_holds_nobody_up(serve: Callable[..., Served]) -> None:
    running = serve()
    with connect_all(running, 2) as [sleeper, reader]:
        sleeper.send('{"video": true, "answers": "taught"}')
        reader.send('{"video": true, "answers": "taught"}')
        for _ in range(60):
            next_picture(reader)


def test_every_tab_hears_what_one_tab_teaches(serve: Callable[..., Served]) -> None:
    running = serve()
    with connect_all(running, 2) as tabs, running.client() as user:
        for tab in tabs:
            until(tab, "lesson")
        user.post("/api/lesson/class", json={"label": "mug"})
        for tab in tabs:
            assert [one["label"] for one in until(tab, "lesson")["classes"]] == ["mug"]  # type: ignore[attr-defined]
            tab.send('{"answers": "taught"}')
            answer = until(tab, "answer")
            assert answer["label"] == "mug"
            assert answer["classes"][0]["distance"] >= 0  # type: ignore[index]


def test_a_page_is_the_camera_when_it_is_chosen_and_only_that_page(serve: Callable[..., Served]) -> None:
    running = serve()
    with connect_all(running, 2) as [mine, other], running.client() as user:
        name = until(mine, "hello")["tab"]
        user.post("/api/camera", json={"uri": "browser:", "tab": name})
        while until(other, "camera")["sender"] != name:
            pass
        other.send(jpeg("blue"))
        mine.send(jpeg("red"))
        until(mine, "taken")
        camera = running.studio.feed.camera
        assert camera.wait_for(lambda shared: shared.latest is not None, 10)
        assert camera.latest is not None
        assert camera.latest.image[0, 0, 0] > 200
        mine.send(b"no picture")
        until(mine, "taken")
        assert user.post("/api/lesson/class", json={"label": "red"}).status_code == 200


def test_a_camera_that_cannot_be_opened_leaves_the_old_one(serve: Callable[..., Served]) -> None:
    running = serve()
    with running.client() as user:
        assert user.post("/api/camera", json={"uri": "synthetic:?object=dragon"}).status_code == 400
        assert user.get("/api/camera").json()["state"] == "live"


def test_tabs_are_told_of_a_camera_that_is_lost_and_that_is_back(serve: Callable[..., Served], tmp_path: Path) -> None:
    running = serve()
    plug = tmp_path / "plug"
    plug.write_text("streaming")
    running.studio.camera.choose(f"fake:{plug}", None)
    with connect_all(running, 2) as tabs:
        for change, state in ((None, "live"), (plug.unlink, "lost"), (lambda: plug.write_text("streaming"), "live")):
            if change is not None:
                change()
            for tab in tabs:
                while (told := until(tab, "camera"))["state"] != state:
                    pass
                assert (told["error"] is None) == (state == "live")


def test_collected_pictures_are_in_the_dataset_and_can_be_taken_back(serve: Callable[..., Served]) -> None:
    running = serve()
    with running.client() as user:
        first = user.post("/api/collect/take", json={"label": "mug", "burst": "one"}).json()["values"]
        running.studio.feed.show("duck")
        second = user.post("/api/collect/take", json={"label": "mug", "burst": "one"}).json()["values"]
        assert user.get("/api/collect").json()["counts"] == {"mug": 2}
        assert user.get(f"/taken/{first['id']}.jpg").headers["content-type"] == "image/jpeg"
        user.post("/api/collect/take-back", json={"id": second["id"]})
        assert user.get("/api/collect").json()["counts"] == {"mug": 1}
    (kept,) = running.studio.project.dataset.pictures()
    assert kept.burst == "one"
    assert kept.source.startswith("synthetic:")


def test_with_tls_the_page_is_served_over_https(serve: Callable[..., Served]) -> None:
    running = serve(tls=True)
    certificate = running.studio.project.path / ".whatsit" / "studio.crt"
    trusting = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(verify=trusting) as browser:
        address = f"https://127.0.0.1:{running.port}"
        assert browser.get(address).status_code == 200
        answer = browser.post(f"{address}/api/lesson/class", json={}, headers={"origin": address})
        assert answer.status_code == 200
        insecure = {"origin": address.replace("https", "http")}
        assert browser.post(f"{address}/api/lesson/class", json={}, headers=insecure).status_code == 403


def test_a_certificate_is_kept_and_its_key_is_private(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, ["192.168.1.2"])
    assert key.stat().st_mode & 0o077 == 0
    first = certificate.read_bytes()
    assert self_signed(tmp_path, ["192.168.1.2"])[0].read_bytes() == first
    assert self_signed(tmp_path, ["192.168.1.3"])[0].read_bytes() != first
    assert not os.access(tmp_path / "studio.crt.tmp", os.F_OK)


def test_slow_bodies_are_given_up(monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Served]) -> None:
    monkeypatch.setattr("whatsit.web.limits.BODY_SECONDS", 1.0)
    running = serve()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as slow:
        slow.sendall(
            f"POST /api/lesson/load HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n"
            f"Origin: {running.origin}\r\nContent-Length: 1000\r\n\r\nonly this".encode()
        )
        assert slow.recv(65536).startswith(b"HTTP/1.1 408")
