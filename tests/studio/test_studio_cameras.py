"""The studio's choice of cameras: what the server's table says, for every page alike."""

from collections.abc import Callable
from pathlib import Path

import pytest
from served import Served

import outside_rows
from whatsit.cameras import FoundCamera
from whatsit.cameras.sources import CAMERAS
from whatsit.studio.pages.shared import camera as camera_page


def test_a_page_is_told_what_it_can_choose_and_what_it_can_type(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        camera_page,
        "list_cameras",
        lambda: [
            FoundCamera("usb:2", "Webcam"),
            FoundCamera("folder:x", "files"),
            FoundCamera("synthetic:", "", False),
        ],
    )
    with serve().client() as user:
        answer = user.get("/api/cameras").json()
    assert [(one["uri"], one["scheme"], one["device"]) for one in answer["found"]] == [
        ("usb:2", "usb", True),
        ("synthetic:", "synthetic", False),
    ]
    assert "usb:0" in answer["examples"]
    assert not {"file:clip.mp4", "folder:pictures/", "browser:"} & set(answer["examples"])


def test_a_page_cannot_choose_files_unless_the_studio_was_started_with_them(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    running = serve()
    with running.client() as user:
        for scheme, source in CAMERAS.items():
            if not source.page_may_choose:
                answer = user.post("/api/camera", json={"uri": f"{scheme}:{tmp_path}"})
                assert answer.status_code == 400
                assert "pages can choose picamera:0" in answer.json()["error"]
        assert user.get("/api/camera").json()["scheme"] == "synthetic"
        running.studio.camera.first = f"fake:{tmp_path}"
        assert user.post("/api/camera", json={"uri": f"fake:{tmp_path}"}).status_code == 200


def test_a_camera_from_a_package_is_listed_chosen_and_seen(
    serve: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside_rows.install_camera(tmp_path / "site", monkeypatch)
    running = serve()
    with running.client() as user:
        found = {one["uri"]: one["name"] for one in user.get("/api/cameras").json()["found"]}
        assert found["pattern:?level=10"] == "a dark pattern"
        assert "pattern:" in user.get("/api/cameras").json()["examples"]
        assert user.post("/api/camera", json={"uri": "pattern:?level=10"}).status_code == 200
        feed = running.studio.feed
        assert feed.camera.wait_for(lambda camera: camera.latest is not None, 30)
        assert feed.camera.latest is not None and feed.camera.latest.image.max() == 10
        view = user.get("/api/camera").json()
        assert (view["uri"], view["scheme"], view["fed_by_page"]) == ("pattern:?level=10", "pattern", False)


def test_the_camera_says_whether_a_page_feeds_it(serve: Callable[..., Served]) -> None:
    with serve().client() as user:
        user.post("/api/camera", json={"uri": "browser:", "tab": "1"})
        assert user.get("/api/camera").json()["fed_by_page"]
