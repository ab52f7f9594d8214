"""Cameras that hang, vanish, send rubbish, end, or come back: each is seen, said once, and survived."""

import copy
import logging
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import psutil
import pytest
from test_camera_contract import LONG, red_video

import whatsit.cameras.still as still_module
from mjpeg_server import MjpegServer
from rtsp_server import RtspServer
from whatsit.cameras import CameraState, Frame, SharedCamera, open_camera
from whatsit.cameras.fake_picamera2 import Picamera2, open_fake_picamera
from whatsit.cameras.remote import Patience, RemoteCamera
from whatsit.cameras.sources.synthetic import SyntheticCamera
from whatsit.cameras.still import still
from whatsit.errors import CameraEndedError, CameraError, CameraLostError

IMPATIENT = Patience(opening=LONG, frame=0.5, first_pause=0.01, longest_pause=0.05)


def impatient(camera: object) -> RemoteCamera:
    assert isinstance(camera, RemoteCamera)
    camera.patience = IMPATIENT
    return camera


def become(shared: SharedCamera, state: CameraState) -> None:
    assert shared.wait_for(lambda camera: camera.state is state, LONG), f"{shared.state}: {shared.error}"


def answer_again(shared: SharedCamera) -> None:
    seen = shared.frames
    assert shared.wait_for(lambda camera: camera.frames > seen + 1, LONG), f"{shared.state}: {shared.error}"
    assert shared.state is CameraState.LIVE
    assert shared.error is None


@pytest.fixture
def plug(tmp_path: Path) -> Path:
    path = tmp_path / "plug"
    path.write_text("streaming")
    return path


@pytest.fixture(params=["fake", "usb"])
def plugged(request: pytest.FixtureRequest, plug: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedCamera]:
    """A shared camera whose plug is ``plug``: our fake, or the USB camera on a fake ``cv2.VideoCapture``."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    if request.param == "fake":
        camera = impatient(open_camera(f"fake:{plug}?fps=60"))
    else:
        options = {"plug": str(plug), "width": 320, "height": 240, "fps": 30}
        camera = RemoteCamera("usb:0", "camera_fakes:open_fake_usb", options, patience=IMPATIENT)
    with SharedCamera(camera) as shared:
        become(shared, CameraState.LIVE)
        yield shared


def swap(plug: Path, state: str) -> None:
    replacement = plug.with_suffix(".new")
    replacement.write_text(state)
    replacement.replace(plug)


class Scripted:
    """In place of a camera's process: answers what the test says, and notes how long it was waited for."""

    answers: ClassVar[list[dict[str, Any] | type[Exception]]] = []
    waits: ClassVar[list[float]] = []

    def __init__(self, request: dict[str, Any], wake: int) -> None:
        pass

    def ask(self) -> None:
        pass

    def answer(self, deadline: float) -> dict[str, Any]:
        self.waits.append(round(deadline - time.monotonic(), 1))
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer | {"dropped": 0}

    def pixels(self, shape: list[int], deadline: float) -> bytearray:
        return bytearray(np.prod(shape))

    def kill(self) -> None:
        pass


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    monkeypatch.setattr("whatsit.cameras.remote._CaptureProcess", Scripted)
    monkeypatch.setattr(Scripted, "answers", [])
    monkeypatch.setattr(Scripted, "waits", [])
    return Scripted


FRAME = {"shape": [2, 2, 3], "time": 1.0}


def test_the_first_frame_has_time_to_come_and_a_later_one_is_missed_within_five_seconds(
    scripted: type[Scripted],
) -> None:
    scripted.answers = [FRAME, FRAME, TimeoutError]
    with RemoteCamera("usb:0", "never:opened", {}) as camera:
        camera.read()
        camera.read()
        with pytest.raises(CameraLostError, match="no picture came in time"):
            camera.read()
    first, *later = scripted.waits
    assert first >= 10
    assert len(later) == 2 and all(wait < 5 for wait in later)


def test_a_lost_camera_is_looked_for_more_and_more_seldom(
    scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pauses that docs/cameras.md names."""
    camera = RemoteCamera("usb:0", "never:opened", {})
    pauses: list[float] = []
    monkeypatch.setattr(camera._closing, "wait", pauses.append)
    scripted.answers = [TimeoutError] * 7
    for _ in range(7):
        with pytest.raises(CameraLostError):
            camera.read()
    scripted.answers = [FRAME, TimeoutError, FRAME]
    camera.read()
    with pytest.raises(CameraLostError):
        camera.read()
    camera.read()
    camera.close()
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8, 0.5]


@pytest.mark.parametrize(
    ("raised", "seen"),
    [
        ("CameraError", CameraError),
        ("CameraEndedError", CameraEndedError),
        ("CameraLostError", CameraLostError),
        ("DataError", CameraError),
        ("ZeroDivisionError", CameraLostError),
    ],
)
def test_an_error_in_the_cameras_process_keeps_its_class_and_its_text(
    raised: str, seen: type[CameraError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    options = {"error": raised, "text": "the lens\nis dirty"}
    with RemoteCamera("usb:0", "camera_fakes:open_failing", options, patience=IMPATIENT) as camera:
        with pytest.raises(CameraError) as caught:
            camera.read()
        again = pickle.loads(pickle.dumps(caught.value))
    for error in (caught.value, again, copy.copy(caught.value)):
        assert type(error) is seen
        assert "usb:0" in str(error) and "the lens" in str(error) and "is dirty" in str(error)


def test_a_hung_camera_is_lost_said_once_and_back_without_a_restart(
    plugged: SharedCamera, plug: Path, caplog: pytest.LogCaptureFixture
) -> None:
    camera = plugged.camera
    assert isinstance(camera, RemoteCamera)
    camera.patience = Patience(opening=0.5, frame=0.5, first_pause=0.01, longest_pause=0.05)
    with caplog.at_level(logging.INFO):
        swap(plug, "hung")
        become(plugged, CameraState.LOST)
        assert plugged.wait_for(lambda _: camera.failures >= 3, LONG)
        camera.patience = IMPATIENT
        swap(plug, "streaming")
        answer_again(plugged)
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("whatsit")]
    assert len([text for text in messages if "lost:" in text]) == 1
    assert len([text for text in messages if text.endswith(": back")]) == 1


def test_an_unplugged_camera_is_lost_and_back_when_it_is_plugged_in(plugged: SharedCamera, plug: Path) -> None:
    plug.unlink()
    become(plugged, CameraState.LOST)
    assert plugged.source in str(plugged.error)
    swap(plug, "streaming")
    answer_again(plugged)


@pytest.mark.parametrize("trouble", ["corrupt", "small"])
def test_broken_frames_and_frames_of_another_size_are_dropped_and_counted(
    plugged: SharedCamera, plug: Path, trouble: str
) -> None:
    camera = plugged.camera
    assert isinstance(camera, RemoteCamera)
    camera.patience = Patience(opening=LONG, frame=LONG)
    swap(plug, trouble)
    with plugged.subscribe() as frames:
        while plugged.dropped < 3:
            frame = frames.take(0.05)
            assert frame is None or frame.image.shape == (240, 320, 3)
        assert plugged.state is CameraState.LIVE
        swap(plug, "streaming")
        answer_again(plugged)


def test_a_camera_that_sends_only_rubbish_is_lost(plugged: SharedCamera, plug: Path) -> None:
    swap(plug, "corrupt")
    become(plugged, CameraState.LOST)
    assert "broken" in str(plugged.error)
    swap(plug, "streaming")
    answer_again(plugged)


def test_a_stream_that_stays_at_another_size_is_opened_again_at_that_size(plug: Path) -> None:
    with SharedCamera(impatient(open_camera(f"fake:{plug}?fps=60"))) as shared:
        become(shared, CameraState.LIVE)
        swap(plug, "small")

        def smaller(camera: SharedCamera) -> bool:
            return camera.latest is not None and camera.latest.image.shape == (120, 160, 3)

        assert shared.wait_for(smaller, LONG)


def test_a_camera_that_was_never_there_is_looked_for(tmp_path: Path) -> None:
    with SharedCamera(impatient(open_camera(f"fake:{tmp_path}/plug"))) as shared:
        become(shared, CameraState.LOST)
        (tmp_path / "plug").write_text("streaming")
        become(shared, CameraState.LIVE)


def test_a_killed_camera_process_is_replaced(plug: Path) -> None:
    with SharedCamera(impatient(open_camera(f"fake:{plug}?fps=60"))) as shared:
        become(shared, CameraState.LIVE)
        for process in psutil.Process().children():
            if any("capture_process" in part for part in process.cmdline()):
                process.kill()
        become(shared, CameraState.LOST)
        answer_again(shared)


def test_a_hung_camera_process_ends_when_its_owner_is_killed(plug: Path) -> None:
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, psutil, whatsit.cameras as c; camera = c.open_camera(sys.argv[1]); camera.read();"
            "print(psutil.Process().children()[0].pid, flush=True); sys.stdin.read()",
            f"fake:{plug}",
        ],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    capture = psutil.Process(int(owner.stdout.readline()))
    swap(plug, "hung")
    owner.kill()
    owner.communicate()
    psutil.wait_procs([capture], timeout=LONG)
    assert not capture.is_running()


def test_a_recording_that_is_over_ends_the_camera(plug: Path) -> None:
    with SharedCamera(open_camera(f"fake:{plug}")) as shared, shared.subscribe() as frames:
        become(shared, CameraState.LIVE)
        swap(plug, "over")
        become(shared, CameraState.ENDED)
        frames.take(0)
        assert frames.closed


def test_a_video_file_gives_every_frame_once_and_ends(tmp_path: Path) -> None:
    video = red_video(tmp_path / "red.mp4", frames=5)
    with open_camera(f"file:{video}?fps=0") as camera:
        for _ in range(5):
            camera.read()
        with pytest.raises(CameraEndedError, match="loop=1"):
            camera.read()
        with pytest.raises(CameraEndedError):
            camera.read()


def test_a_video_file_starts_again_where_the_address_says_loop(tmp_path: Path) -> None:
    video = red_video(tmp_path / "red.mp4", frames=2)
    with open_camera(f"file:{video}?fps=0&loop=1") as camera:
        for _ in range(7):
            assert camera.read().image.shape == (240, 320, 3)


def test_a_file_that_is_no_video_is_refused_not_looked_for(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video" * 100)
    with open_camera(f"file:{broken}") as camera, pytest.raises(CameraError, match="not a video") as caught:
        camera.read()
    assert not isinstance(caught.value, CameraLostError)


def test_a_playlist_cannot_make_the_video_file_camera_fetch_from_the_network(tmp_path: Path) -> None:
    with MjpegServer() as server:
        playlist = tmp_path / "list.m3u8"
        playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{server.url}\n#EXT-X-ENDLIST\n")
        with open_camera(f"file:{playlist}") as camera, pytest.raises(CameraError):
            camera.read()
        assert server.requests == 0


def test_a_folder_ends_and_its_broken_pictures_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8 not a picture")
    with open_camera(f"folder:{tmp_path}?fps=0") as camera, pytest.raises(CameraEndedError):
        camera.read()
    assert camera.dropped == 1


@pytest.mark.parametrize("trouble", ["corrupt", "small"])
def test_a_network_camera_that_sends_rubbish_in_between_goes_on(trouble: str) -> None:
    with MjpegServer() as server, open_camera(server.url) as camera:
        assert camera.read().image.shape == (240, 320, 3)
        server.mode = trouble
        server.wait_for_frames(3)
        server.mode = "good"
        while camera.dropped == 0:
            assert camera.read().image.shape == (240, 320, 3)


def test_a_network_camera_that_falls_silent_is_lost_and_back() -> None:
    with MjpegServer() as server, SharedCamera(impatient(open_camera(server.url))) as shared:
        become(shared, CameraState.LIVE)
        server.mode = "hung"
        become(shared, CameraState.LOST)
        server.mode = "good"
        answer_again(shared)


def test_a_network_camera_comes_back_after_its_server_restarts() -> None:
    with MjpegServer() as server:
        port = server.port
        with SharedCamera(impatient(open_camera(server.url))) as shared:
            become(shared, CameraState.LIVE)
            server.close()
            become(shared, CameraState.LOST)
            with MjpegServer(port):
                answer_again(shared)


def test_an_mjpeg_stream_without_lengths_is_cut_at_its_boundaries() -> None:
    with MjpegServer() as server:
        server.lengths = False
        with open_camera(server.url) as camera:
            assert camera.read().image.shape == camera.read().image.shape == (240, 320, 3)


def test_a_password_is_sent_to_the_camera_and_shown_to_nobody() -> None:
    with MjpegServer(password="secret") as server:
        url = server.url.replace("://", "://me:secret@")
        with open_camera(url) as camera:
            frame = camera.read()
            visible = [part for p in psutil.Process().children() for part in p.cmdline()]
        assert server.authorization == "Basic bWU6c2VjcmV0"
        assert frame.source == camera.source == url.replace("secret", "***")
        assert any("capture_process" in part for part in visible)
        assert not any("secret" in part for part in visible)


def test_a_missing_password_and_a_page_that_is_no_stream_are_said_not_looked_for() -> None:
    with MjpegServer(password="secret") as server, open_camera(server.url) as camera:
        with pytest.raises(CameraError, match="password") as caught:
            camera.read()
        assert not isinstance(caught.value, CameraLostError)
    with (
        MjpegServer() as server,
        open_camera(server.url.replace("/stream", "/page")) as camera,
        pytest.raises(CameraError, match="text/html"),
    ):
        camera.read()


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    with RtspServer() as server:
        yield server


def test_an_rtsp_camera_that_falls_silent_is_lost_and_back(rtsp: RtspServer) -> None:
    camera = impatient(open_camera(rtsp.url))
    with SharedCamera(camera) as shared:
        become(shared, CameraState.LIVE)
        rtsp.send_signal(signal.SIGSTOP)
        become(shared, CameraState.LOST)
        rtsp.send_signal(signal.SIGCONT)
        answer_again(shared)


def test_an_rtsp_camera_comes_back_after_its_server_restarts(rtsp: RtspServer) -> None:
    with SharedCamera(impatient(open_camera(rtsp.url))) as shared:
        become(shared, CameraState.LIVE)
        rtsp.close()
        become(shared, CameraState.LOST)
        with RtspServer(rtsp.port):
            answer_again(shared)


def test_a_pi_camera_starts_bright_and_flips_as_asked() -> None:
    upright = open_fake_picamera(index=0, width=64, height=48)
    flipped = open_fake_picamera(index=0, width=64, height=48, hflip=True, vflip=True)
    assert tuple(upright.grab()[0, 0]) == (0, 200, 0)
    assert tuple(upright.grab()[47, 63]) == (220, 0, 0)
    assert tuple(flipped.grab()[47, 63]) == (0, 200, 0)


def test_a_pi_camera_shows_its_whole_field_where_the_sensor_is_quick_enough() -> None:
    assert tuple(open_fake_picamera(index=0, width=640, height=480, fps=120).grab()[0, 0]) != (0, 200, 0), "cropped"
    assert tuple(open_fake_picamera(index=0, width=640, height=480, fps=30).grab()[0, 0]) == (0, 200, 0)
    assert tuple(open_fake_picamera(index=0, width=3000, height=2000, fps=30).grab()[0, 0]) == (0, 200, 0)


def test_a_pi_camera_focuses_by_itself_and_is_asked_for_nothing_that_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, object]] = []
    configure = Picamera2.configure

    def noted(self: Picamera2, config: dict[str, Any]) -> None:
        asked.append(config["controls"])
        configure(self, config)

    monkeypatch.setattr(Picamera2, "configure", noted)
    open_fake_picamera(index=0, width=64, height=48)
    monkeypatch.setattr(Picamera2, "camera_controls", {"AeEnable": (False, True, True)})
    open_fake_picamera(index=0, width=64, height=48)
    assert asked == [{"FrameDurationLimits": (33333, 33333), "AfMode": 2}, {}]


def test_a_photograph_has_every_pixel_of_a_pi_camera_and_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    configure = Picamera2.configure

    def noted(self: Picamera2, config: dict[str, Any]) -> None:
        made.append(config)
        configure(self, config)

    monkeypatch.setattr(Picamera2, "configure", noted)
    open_fake_picamera(index=0, width=None, height=None, still=True)
    open_fake_picamera(index=0, width=640, height=480, still=True)
    assert [(one["use_case"], one["main"]["size"], one["raw"]["size"]) for one in made] == [
        ("still", (4608, 2592), (4608, 2592)),
        ("still", (640, 480), (4608, 2592)),
    ]
    assert all(one["controls"] == {"AfMode": 2} for one in made)


def test_a_photograph_asks_a_pi_camera_to_be_set_up_for_stills(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class StoppedError(Exception):
        pass

    def opened(address: str) -> None:
        asked.append(address)
        raise StoppedError

    monkeypatch.setattr(still_module, "open_camera_without_page", opened)
    for address, size in (("picamera:0", None), ("picamera:0?hflip=1&roi=0,0,0.5,0.5", "640x480")):
        with pytest.raises(StoppedError):
            still(address, size)
    with pytest.raises(StoppedError):
        still("/dev/video0", "640x480")
    assert asked == [
        "picamera:0?still=1",
        "picamera:0?hflip=1&size=640x480&still=1&roi=0,0,0.5,0.5",
        "usb:/dev/video0?size=640x480",
    ]
    with pytest.raises(CameraError, match="has a size of its own"):
        still("rtsp://camera/live", "640x480")
    with pytest.raises(CameraError, match="names a size already"):
        still("usb:0?size=320x240", "640x480")


def test_a_pi_camera_that_is_not_connected_or_busy_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CameraLostError, match="cable"):
        open_fake_picamera(index=2, width=64, height=48)
    monkeypatch.setattr(Picamera2, "busy", True)
    with pytest.raises(CameraLostError, match="did not complete"):
        open_fake_picamera(index=0, width=64, height=48)


def test_a_webcam_that_libcamera_lists_is_no_pi_camera() -> None:
    with pytest.raises(CameraError, match=r"usb:0") as raised:
        open_fake_picamera(index=1, width=64, height=48)
    assert not isinstance(raised.value, CameraLostError)


def test_a_closed_camera_leaves_no_open_files(plug: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with open_camera(f"fake:{plug}") as camera:
        camera.read()
    before = open_files()
    for _ in range(3):
        with open_camera(f"fake:{plug}") as camera:
            camera.read()
        open_camera(f"fake:{plug}").close()
    assert open_files() == before


def test_a_driver_that_fails_in_a_new_way_is_said_and_lets_the_watchers_go(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Odd(SyntheticCamera):
        def read(self) -> Frame:
            raise ZeroDivisionError("odd")

    with SharedCamera(Odd()) as shared, shared.subscribe() as frames:
        become(shared, CameraState.FAILED)
        assert frames.take(LONG) is None
        assert "ZeroDivisionError: odd" in str(shared.error)
    assert "synthetic: stopped" in caplog.text
