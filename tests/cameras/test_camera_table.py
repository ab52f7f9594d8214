"""The table of cameras: everything that lists cameras, or refuses one, is derived from it; packages extend it."""

import json
import re
from pathlib import Path

import pytest

import outside_rows
from whatsit.cameras import FoundCamera, list_cameras, open_camera
from whatsit.cameras.fake_picamera2 import Modules
from whatsit.cameras.holders import holders, in_use
from whatsit.cameras.listing import first_camera
from whatsit.cameras.sources import CAMERAS, picamera, usb
from whatsit.cameras.v4l2 import is_camera, usb_cameras
from whatsit.errors import CameraError, CameraLostError, MissingExtraError, PluginError, WhatsitError
from whatsit.live.engine import Live
from whatsit.plugins import EXTRAS


@pytest.fixture
def pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that adds the camera ``pattern:``."""
    outside_rows.install_camera(tmp_path / "site", monkeypatch)


@pytest.mark.usefixtures("pattern")
def test_a_package_adds_a_camera_that_everything_here_knows() -> None:
    with open_camera("pattern:?level=7") as camera:
        assert camera.read().image[0, 0, 0] == 7
    assert FoundCamera("pattern:?level=10", "a dark pattern") in list_cameras()
    with pytest.raises(CameraError, match="level=300 is not a number from 0 to 255"):
        open_camera("pattern:?level=300")
    with pytest.raises(CameraError, match="it takes level"):
        open_camera("pattern:?colour=red")
    with pytest.raises(CameraError, match="synthetic:  pattern:"):
        open_camera("toaster:")


@pytest.mark.usefixtures("pattern")
def test_devices_come_before_the_demonstration_scene_whoever_adds_them() -> None:
    *devices, scene = list_cameras()
    assert devices and all(camera.device for camera in devices)
    assert (scene.address, scene.device) == ("synthetic:", False)


def test_a_broken_package_spoils_no_other_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside_rows.install_camera(tmp_path, monkeypatch, "raise RuntimeError('no')")
    assert [camera.address for camera in list_cameras()][-1] == "synthetic:"
    with pytest.raises(PluginError, match=r"pattern_camera.*RuntimeError"):
        open_camera("pattern:")
    with pytest.raises(CameraError, match="try  picamera:0"):
        open_camera("toaster:")


def test_a_kind_of_camera_that_cannot_be_listed_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> list[FoundCamera]:
        raise OSError("the bus\nis gone")

    for found in (broken, lambda: [FoundCamera("toaster:", "no such kind")]):
        caplog.clear()
        with monkeypatch.context() as patch:
            patch.setitem(CAMERAS._loaded, "usb", type(usb.SOURCE)(
                description="", example="usb:0", open=usb.from_address, found=found))  # fmt: skip
            assert [camera.address for camera in list_cameras()] == ["synthetic:"]
        (warning,) = caplog.records
        assert warning.getMessage().startswith("usb:0: cameras of this kind cannot be listed")
        assert "\n" not in warning.getMessage()


def test_every_example_is_an_address_of_its_own_kind() -> None:
    for scheme, source in CAMERAS.items():
        example = source.example.replace("…", "host/path")
        address, row = CAMERAS.parse(example)
        assert row is source, scheme
        assert CAMERAS[address.scheme] is source


def test_files_are_never_for_a_page_to_choose() -> None:
    choosable = {scheme for scheme, source in CAMERAS.items() if source.page_may_choose}
    assert choosable == {"synthetic", "browser", "usb", "picamera", "rtsp", "rtsps", "http", "https"}


@pytest.mark.parametrize("uri", ["usb:0", "/dev/video0", "rtsp://host/x", "file:clip.mp4"])
def test_a_camera_whose_extra_is_missing_names_it(uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("whatsit.plugins.requirement.find_spec", lambda module: None)
    with pytest.raises(MissingExtraError, match=r"needs OpenCV.*pip install 'whatsit\[opencv\]'") as raised:
        open_camera(uri)
    assert uri in str(raised.value)


def test_a_pi_camera_without_picamera2_names_the_package_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsit.plugins.requirement.find_spec", lambda module: None)
    with pytest.raises(CameraError, match="sudo apt install python3-picamera2"):
        open_camera("picamera:0")


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("", "'' is not a camera's address; try  picamera:0  usb:0"),
        ("toaster", "is not a camera's address"),
        ("C:\\clip.mp4", "is not a camera's address"),
        ("two\nlines:", "is not a camera's address"),
        ("toaster:x", "no camera of kind 'toaster'"),
        ("usb:first", "a USB camera is usb:0"),
        ("usb:0?size=4x4", "size=4x4 is not WIDTHxHEIGHT of 16 to 4096 pixels, such as 640x480"),
        ("usb:0?fps=fast", "fps=fast is not a number from 1 to 240"),
        ("picamera:x", ""),
        ("folder:?loop=perhaps", "loop=perhaps is neither yes nor no"),
        ("rtsp://me:secret@", "no host; expected rtsp://host/path"),
        ("http://[bad/", "is not a camera's address"),
        ("browser:mine", "nothing follows browser:"),
        (3, "3 is not a camera's address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_one_line(uri: str, named: str) -> None:
    with pytest.raises(WhatsitError, match="(?s).*") as raised:
        open_camera(uri)
    assert named in str(raised.value)
    assert "\n" not in str(raised.value) and "secret" not in str(raised.value)


def test_an_option_can_be_written_alone_and_a_question_mark_can_be_part_of_a_name(tmp_path: Path) -> None:
    assert CAMERAS.parse("folder:pictures?loop")[0].options == {"loop": ""}
    assert CAMERAS.parse("folder:what?")[0].target == "what"
    assert CAMERAS.parse("file:what?.mp4")[0].target == "what?.mp4"
    assert CAMERAS.parse("http://host/x?loop=1")[0].target == "http://host/x?loop=1"


def test_usb_cameras_are_listed_by_number_and_name(tmp_path: Path) -> None:
    for number, name in ((10, "HD Webcam"), (2, "Old Webcam"), (3, "unicam"), (4, "a codec")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(name + "\n")
    found = usb_cameras(tmp_path, lambda device: device.name != "video4")
    assert found == [FoundCamera("usb:2", "Old Webcam"), FoundCamera("usb:10", "HD Webcam")]


def test_a_codec_is_no_camera() -> None:
    assert is_camera(0x84200001, 0x04200001)
    assert not is_camera(0x84A00001, 0x04A00000)  # a webcam's node for metadata
    assert not is_camera(0x84208000, 0x04208000)  # a codec, memory to memory
    assert is_camera(0x04000001, 0)


def test_pi_cameras_are_listed_by_a_process_that_ends(capsys: pytest.CaptureFixture[str]) -> None:
    picamera.main(picamera2=Modules)
    assert json.loads(capsys.readouterr().out) == {"error": "", "cameras": [[0, "imx708"]]}, "without the webcam"


def test_a_pi_camera_is_listed_where_picamera2_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picamera2.py").write_text("from whatsit.cameras.fake_picamera2 import Picamera2\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert picamera.pi_cameras() == [FoundCamera("picamera:0", "imx708")]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (
            "raise ValueError('numpy.dtype size changed, may indicate binary incompatibility. Expected 96')",
            r"simplejpeg was built for another numpy than \d.*pip install 'whatsit\[pi\]'",
        ),
        ("import no_such_libcamera", "no_such_libcamera is not installed.*apt install python3-picamera2"),
        ("raise RuntimeError('of its own')", "of its own.*reinstall python3-picamera2"),
    ],
)
def test_a_picamera2_that_cannot_be_imported_is_diagnosed_and_given_up(
    line: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picamera2.py").write_text(line + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said: list[str] = []
    found = list_cameras(said.append)
    assert "synthetic:" in {camera.address for camera in found}
    assert len(said) == 1 and re.search(named, said[0])
    with open_camera("picamera:0") as camera, pytest.raises(CameraError, match=named) as raised:
        camera.read()
    assert not isinstance(raised.value, CameraLostError), "no attempt will be luckier"


def test_the_first_camera_is_one_that_can_be_opened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    webcam, scene = FoundCamera("usb:0", "HD Webcam"), FoundCamera("synthetic:", "the scene", device=False)
    monkeypatch.setattr("whatsit.cameras.listing.list_cameras", lambda: [webcam, scene])
    monkeypatch.setattr("whatsit.plugins.requirement.find_spec", lambda module: None)
    assert first_camera() == "synthetic:"
    (line,) = caplog.messages
    assert "usb:0 (HD Webcam)" in line and "pip install 'whatsit[opencv]'" in line


def test_who_holds_a_device_is_named(tmp_path: Path) -> None:
    device, processes = tmp_path / "video7", tmp_path / "proc"
    device.touch()
    for number, name, link in (("812", "libcamera-vid", device), ("9", "bash", Path("/dev/null"))):
        (processes / number / "fd").mkdir(parents=True)
        (processes / number / "comm").write_text(name + "\n")
        (processes / number / "fd" / "3").symlink_to(link)
    assert holders([device], processes) == ["libcamera-vid (process 812)"]
    assert "connected" in in_use([tmp_path / "another"])


def test_a_live_engine_takes_any_address_of_the_table(pattern: None) -> None:
    live = Live("pattern:?level=7")
    live.run(count=1)
    assert live.latest is not None and live.latest.frame is not None
    assert live.latest.frame.source == "pattern:?level=7"


def test_opencv_comes_with_its_extra() -> None:
    assert CAMERAS["usb"].requirement is CAMERAS["file"].requirement is EXTRAS["opencv"]
