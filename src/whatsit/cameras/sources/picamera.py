"""``picamera:0``: a camera on a Raspberry Pi's ribbon cable, through picamera2 from the Pi's own packages.

``python -m whatsit.cameras.sources.picamera`` prints the models of the cameras that picamera2 finds, as JSON.
"""

import json
import subprocess
import sys
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import BrokenFrameError, Capture
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource, FoundCamera
from whatsit.errors import CameraLostError
from whatsit.plugins import Address, FlagOption, NumberOption, Requirement, SizeOption
from whatsit.processes import environment, module_command

WARM_UP_FRAMES = 12
"""Dropped at the start, while exposure and white balance are still adjusting."""
SIZE = SizeOption("size", "width and height of the pictures", (640, 480))
FPS = NumberOption("fps", "frames per second", 30.0, 1, 120)
HFLIP = FlagOption("hflip", "mirror left and right")
VFLIP = FlagOption("vflip", "turn upside down")
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
    width, height = SIZE.of(address)
    options = {
        "index": int(address.target or 0),
        "width": width,
        "height": height,
        "fps": FPS.of(address),
        "hflip": HFLIP.of(address),
        "vflip": VFLIP.of(address),
    }
    return RemoteCamera(address.text, "whatsit.cameras.sources.picamera:open_picamera", options)


def open_picamera(
    index: int,
    width: int,
    height: int,
    *,
    fps: float = 30.0,
    hflip: bool = False,
    vflip: bool = False,
    picamera2: Any = None,
    libcamera: Any = None,
) -> Capture:
    """The camera, running and warmed up.

    Args:
        picamera2: the module, or a fake of it; None: the installed one.
        libcamera: as ``picamera2``.

    Raises:
        CameraLostError: there is no such camera, or it is in use by another program.
    """
    picamera2 = picamera2 or import_module("picamera2")
    libcamera = libcamera or import_module("libcamera")
    try:
        device = picamera2.Picamera2(index)
    except (RuntimeError, IndexError) as error:
        raise CameraLostError(
            f"it cannot be opened ({error}); is its cable in, and no other program using it?"
        ) from error
    try:
        micros = round(1_000_000 / fps)
        # picamera2 names formats as libcamera does, by the byte order in a little-endian word: the array of "BGR888"
        # has red first. The default, XBGR8888, has four channels.
        device.configure(
            device.create_preview_configuration(
                main={"size": (width, height), "format": "BGR888"},
                transform=libcamera.Transform(hflip=int(hflip), vflip=int(vflip)),
                controls={"FrameDurationLimits": (micros, micros)},
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


def pi_cameras(timeout: float = 10.0) -> list[FoundCamera]:
    """What picamera2 knows of; none where it is not installed or does not answer in ``timeout`` seconds."""
    if not PICAMERA2.installed:
        return []
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter, our own module)
            module_command(__name__), capture_output=True, timeout=timeout, check=True, env=environment()
        )
        models = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return []
    return [FoundCamera(f"picamera:{number}", str(model)) for number, model in enumerate(models)]


def main(picamera2: Any = None) -> None:
    """Print the models as a JSON list, by number. In a process that ends, since picamera2 needs memory and can hang."""
    picamera2 = picamera2 or import_module("picamera2")
    found = picamera2.Picamera2.global_camera_info()
    sys.stdout.write(json.dumps([camera["Model"] for camera in found]) + "\n")


SOURCE = CameraSource(
    description="a Raspberry Pi's own camera",
    example="picamera:0",
    options=(SIZE, FPS, HFLIP, VFLIP),
    requirement=PICAMERA2,
    open=from_address,
    found=pi_cameras,
    page_may_choose=True,
)

if __name__ == "__main__":
    main()
