"""Every kind of camera keeps the same contract."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

from mjpeg_server import MjpegServer, red_jpeg
from rtsp_server import RtspServer
from whatsit.cameras import Camera, CameraState, SharedCamera, open_camera
from whatsit.cameras.camera import PushedCamera
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import CameraError

LONG = 30.0
"""Seconds: far more than anything takes, so that a busy machine does not fail a test."""


@dataclass
class Bench:
    """What a source needs around it, taken down afterwards."""

    folder: Path
    stack: ExitStack


def _synthetic(_bench: Bench) -> Camera:
    return open_camera("synthetic:?object=mug&fps=0&size=320x240")


def _folder(bench: Bench) -> Camera:
    pictures = bench.folder / "pictures"
    pictures.mkdir()
    for number in range(3):
        Image.new("RGB", (320, 240), (220, 20, 20)).save(pictures / f"{number}.png")
    return open_camera(f"folder:{pictures}?fps=0&loop=1")


def red_video(path: Path, frames: int = 5) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 20, (320, 240))
    for _ in range(frames):
        writer.write(np.full((240, 320, 3), (20, 20, 220), np.uint8))
    writer.release()
    return path


def _file(bench: Bench) -> Camera:
    return open_camera(f"file:{red_video(bench.folder / 'red.mp4')}?loop=1")


def _usb(bench: Bench) -> Camera:
    plug = bench.folder / "plug"
    plug.write_text("streaming")
    options = {"plug": str(plug), "width": 320, "height": 240, "fps": 30}
    return RemoteCamera("usb:0", "camera_fakes:open_fake_usb", options)


def _rtsp(bench: Bench) -> Camera:
    return open_camera(bench.stack.enter_context(RtspServer()).url)


def _http(bench: Bench) -> Camera:
    return open_camera(bench.stack.enter_context(MjpegServer()).url)


def _picamera(_bench: Bench) -> Camera:
    options = {"index": 0, "width": 320, "height": 240}
    return RemoteCamera("picamera:0", "whatsit.cameras.fake_picamera2:open_fake_picamera", options)


def _browser(bench: Bench) -> Camera:
    camera = open_camera("browser:")
    assert isinstance(camera, PushedCamera)
    stop = threading.Event()

    def page() -> None:
        while not stop.wait(0.02):
            camera.push(red_jpeg())

    thread = threading.Thread(target=page)
    thread.start()
    bench.stack.callback(thread.join)
    bench.stack.callback(stop.set)
    return camera


def _fake(bench: Bench) -> Camera:
    plug = bench.folder / "plug"
    plug.write_text("streaming")
    return open_camera(f"fake:{plug}?fps=60")


SOURCES: dict[str, Callable[[Bench], Camera]] = {
    "synthetic": _synthetic,
    "folder": _folder,
    "file": _file,
    "usb": _usb,
    "rtsp": _rtsp,
    "http": _http,
    "picamera": _picamera,
    "browser": _browser,
    "fake": _fake,
}


def test_every_kind_of_camera_is_tested_here() -> None:
    tested = {id(CAMERAS[scheme]) for scheme in SOURCES}
    assert {id(source) for source in CAMERAS.values()} == tested


@pytest.fixture(params=SOURCES)
def camera(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Camera]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))  # the fakes, for the camera's own process
    with ExitStack() as stack:
        opened = SOURCES[request.param](Bench(tmp_path, stack))
        stack.callback(opened.close)
        yield opened


def test_a_frame_is_an_rgb_picture_with_its_time_and_its_source(camera: Camera) -> None:
    before = time.time()
    frames = [camera.read() for _ in range(3)]
    after = time.time()

    for frame in frames:
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == (240, 320, 3)
        red, green, blue = np.moveaxis(frame.image.astype(int), 2, 0)
        mostly_red = (red > 110) & (green < 90) & (blue < 90)
        assert mostly_red.mean() > 0.1, "the channels are not in the order red, green, blue"
        assert frame.source == camera.source
    times = [frame.time for frame in frames]
    assert before <= times[0] and times[-1] <= after
    assert times == sorted(times)
    assert len(set(times)) == 3


def test_leaving_the_context_releases_the_camera_and_its_process(camera: Camera) -> None:
    children = set(psutil.Process().children())
    with camera as entered:
        assert entered is camera
        camera.read()
    left = {process for process in set(psutil.Process().children()) - children if process.is_running()}
    assert not left

    camera.close()
    with pytest.raises(CameraError, match="closed"):
        camera.read()


def test_closing_ends_a_read_under_way_in_another_thread(camera: Camera) -> None:
    camera.read()
    ended = threading.Event()

    def read_on() -> None:
        with pytest.raises(CameraError):
            while True:
                camera.read()
        ended.set()

    thread = threading.Thread(target=read_on)
    thread.start()
    camera.close()
    assert ended.wait(LONG)
    thread.join()


def test_one_owner_serves_several_watchers_and_closing_lets_them_go(camera: Camera) -> None:
    with SharedCamera(camera) as shared, shared.subscribe() as one, shared.subscribe() as other:
        first, second = one.take(LONG), other.take(LONG)
        assert first is not None and second is not None
        assert first.image.shape == second.image.shape == (240, 320, 3)
        assert shared.state is CameraState.LIVE
        assert shared.latest is not None
        assert shared.error is None
    assert shared.state is CameraState.CLOSED
    one.take(0)  # what was still in the slot
    assert one.take(LONG) is None
    assert one.closed
