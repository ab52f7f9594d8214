"""``picamera:0``: a camera on a Raspberry Pi's ribbon cable, through picamera2 from the Pi's own packages.

``python -m whatsit.cameras.sources.picamera`` prints the models of the cameras that picamera2 finds, as JSON.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import BrokenFrameError, Capture
from whatsit.cameras.holders import in_use
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource, FoundCamera
from whatsit.errors import CameraError, CameraLostError
from whatsit.plugins import EXTRAS, Address, FlagOption, NumberOption, Requirement, SizeOption
from whatsit.processes import environment, module_command

WARM_UP_FRAMES = 12
"""Dropped at the start, while exposure and white balance are still adjusting."""
FASTEST_WHOLE = 40.0
"""Frames per second that sensors give of their whole field of view at half resolution; faster modes crop it."""
SIZE = SizeOption("size", "width and height of the pictures", (640, 480))
FPS = NumberOption("fps", "frames per second", 30.0, 1, 120)
HFLIP = FlagOption("hflip", "mirror left and right")
VFLIP = FlagOption("vflip", "turn upside down")
STILL = FlagOption("still", "a photograph's settings: slower, every pixel of the sensor unless a size is given")
PICAMERA2 = Requirement(
    name="picamera2",
    module="picamera2",
    package="picamera2",
    purpose="a Raspberry Pi's own camera",
    command="sudo apt install python3-picamera2",
    note="and make the virtual environment with  python3 -m venv --system-site-packages",
)


def from_address(address: Address) -> RemoteCamera:
    """The camera at ``picamera:N``.

    Raises:
        CameraError: not a number, or a value out of range.
    """
    if not (address.target or "0").isdecimal() or len(address.target) > 2:
        raise address.refusal("a Pi camera is picamera:0 for the first, or picamera:1")
    still = STILL.of(address)
    width, height = (None, None) if still and SIZE.name not in address.options else SIZE.of(address)
    options = {
        "index": int(address.target or 0),
        "width": width,
        "height": height,
        "still": still,
        "fps": FPS.of(address),
        "hflip": HFLIP.of(address),
        "vflip": VFLIP.of(address),
    }
    return RemoteCamera(address.text, "whatsit.cameras.sources.picamera:open_picamera", options)


def open_picamera(
    index: int,
    width: int | None,
    height: int | None,
    *,
    still: bool = False,
    fps: float = 30.0,
    hflip: bool = False,
    vflip: bool = False,
    picamera2: Any = None,
    libcamera: Any = None,
) -> Capture:
    """The camera, running and warmed up.

    Args:
        width: of the pictures, and ``height``; None: the sensor's.
        still: configured for photographs: the best quality, in its own time instead of ``fps``.
        picamera2: the module, or a fake of it; None: the installed one.
        libcamera: as ``picamera2``.

    Raises:
        CameraError: picamera2 cannot be imported, or this is a USB camera.
        CameraLostError: there is no such camera, or it is in use by another program.
    """
    picamera2 = picamera2 or _imported("picamera2")
    libcamera = libcamera or _imported("libcamera")
    known = picamera2.Picamera2.global_camera_info()
    if index < len(known) and _is_usb(known[index]):
        raise CameraError(
            "it is a USB camera, not a Pi's own: use  usb:0;  whatsit cameras  lists them",
            on_page="it is a USB camera, not a Pi's own: choose it from the list, or type usb:0",
        )
    if index >= len(known):
        raise CameraLostError(f"there is no such camera ({len(known)} found); is its cable in?")
    try:
        device = picamera2.Picamera2(index)
    except (RuntimeError, IndexError) as error:
        raise CameraLostError(f"it cannot be opened ({error}): {in_use(_nodes())}") from error
    try:
        # picamera2 names formats as libcamera does, by the byte order in a little-endian word: the array of "BGR888"
        # has red first. The default, XBGR8888, has four channels.
        properties = device.camera_properties
        size = _size(properties, width, height)
        create = device.create_still_configuration if still else device.create_preview_configuration
        device.configure(
            create(
                main={"size": size, "format": "BGR888"},
                raw=_sensor_mode(properties, None if still else size, fps),
                transform=libcamera.Transform(hflip=int(hflip), vflip=int(vflip)),
                controls=_controls(device.camera_controls, libcamera, None if still else fps),
            )
        )
        device.start()
        capture = PicameraCapture(device)
        for _ in range(WARM_UP_FRAMES):
            capture.grab()
    except BaseException:
        device.close()
        raise
    return capture


class PicameraCapture:
    """A ``Picamera2`` that is running."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def grab(self) -> NDArray[np.uint8]:
        picture = self._device.capture_array("main")
        if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3:
            raise BrokenFrameError("not a colour picture")
        return np.ascontiguousarray(picture)

    def release(self) -> None:
        self._device.stop()
        self._device.close()


def _size(properties: Mapping[str, Any], width: int | None, height: int | None) -> tuple[int, int]:
    """The size asked for, else the sensor's; where libcamera does not know that, the usual one."""
    if width is None or height is None:
        whole = properties.get("PixelArraySize", SIZE.default)
        return int(whole[0]), int(whole[1])
    return width, height


def _sensor_mode(properties: Mapping[str, Any], size: tuple[int, int] | None, fps: float) -> dict[str, Any]:
    """What to ask of the sensor: its whole field, at half resolution where that is enough for ``size``; None: never.

    Left to itself, libcamera takes the smallest mode that is large enough, which on many sensors shows the middle only.
    """
    whole = properties.get("PixelArraySize")
    if whole is None or (size is not None and fps > FASTEST_WHOLE):
        return {}
    if size is None:
        return {"size": (int(whole[0]), int(whole[1]))}
    half = (int(whole[0]) // 2, int(whole[1]) // 2)
    return {"size": half if size[0] <= half[0] and size[1] <= half[1] else (int(whole[0]), int(whole[1]))}


def _controls(supported: Mapping[str, Any], libcamera: Any, fps: float | None) -> dict[str, Any]:
    """The controls that we set, of those that the camera has: others are refused by libcamera.

    Without ``fps`` picamera2 sets the time of a frame: a photograph in the dark may take long.
    """
    wanted: dict[str, Any] = {}
    if fps is not None:
        micros = round(1_000_000 / fps)
        wanted["FrameDurationLimits"] = (micros, micros)
    if "AfMode" in supported:
        wanted["AfMode"] = libcamera.controls.AfModeEnum.Continuous
    return {name: value for name, value in wanted.items() if name in supported}


def _nodes() -> list[Path]:
    """The kernel's devices of which libcamera holds some while a Pi camera is open."""
    return [*Path("/dev").glob("media*"), *Path("/dev").glob("video*")]


def _is_usb(camera: Mapping[str, Any]) -> bool:
    """Whether one that libcamera lists is on USB: its name in the device tree says so."""
    return "usb" in str(camera.get("Id", "")).lower()


def _imported(name: str) -> Any:
    """picamera2 or libcamera.

    Raises:
        CameraError: it cannot be imported; the text says what mends it.
    """
    try:
        return import_module(name)
    except Exception as error:  # numpy's is a ValueError, and the packages of a system can raise others
        raise CameraError(import_reason(name, error)) from error


def import_reason(name: str, error: Exception) -> str:
    """Why picamera2 or libcamera cannot be imported, and what mends it."""
    text = " ".join(str(error).split())
    if "numpy.dtype size changed" in text or "multiarray" in text or "NumPy 1.x" in text:
        return (
            f"{name} cannot be imported: the system's simplejpeg was built for another numpy than {np.__version__}: "
            f"run  {EXTRAS['pi'].command}"
        )
    if isinstance(error, ModuleNotFoundError):
        return f"{name} cannot be imported, {error.name} is not installed: run  {PICAMERA2.fix}"
    return (
        f"{name} cannot be imported ({type(error).__name__}: {text}): run  sudo apt install --reinstall python3-{name}"
    )


def pi_cameras(timeout: float = 10.0) -> list[FoundCamera]:
    """What picamera2 knows of; none where it is not installed or does not answer in ``timeout`` seconds.

    Raises:
        CameraError: picamera2 is installed and cannot be imported.
    """
    if not PICAMERA2.installed:
        return []
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter, our own module)
            module_command(__name__), capture_output=True, timeout=timeout, check=True, env=environment()
        )
        found = json.loads(done.stdout.splitlines()[-1])
        error = found["error"]
        models = [(int(number), str(model)) for number, model in found["cameras"]]
    except (subprocess.SubprocessError, OSError, ValueError, TypeError, KeyError, IndexError):
        return []
    if error:
        raise CameraError(error)
    return [FoundCamera(f"picamera:{number}", model) for number, model in models]


def main(picamera2: Any = None) -> None:
    """Print the numbers and models of the cameras as JSON, or why there can be none.

    In a process that ends, since picamera2 needs memory and can hang.
    """
    answer: dict[str, Any] = {"error": "", "cameras": []}
    try:
        known = (picamera2 or _imported("picamera2")).Picamera2.global_camera_info()
        answer["cameras"] = [(at, camera["Model"]) for at, camera in enumerate(known) if not _is_usb(camera)]
    except CameraError as error:
        answer["error"] = str(error)
    sys.stdout.write(json.dumps(answer) + "\n")


SOURCE = CameraSource(
    description="a Raspberry Pi's own camera",
    example="picamera:0",
    options=(SIZE, FPS, HFLIP, VFLIP, STILL),
    requirement=PICAMERA2,
    open=from_address,
    found=pi_cameras,
    page_may_choose=True,
)

if __name__ == "__main__":
    main()
