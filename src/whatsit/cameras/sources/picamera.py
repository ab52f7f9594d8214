"""``picamera:0``: a camera on a Raspberry Pi's ribbon cable, through picamera2 from the Pi's own packages."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.address import Address
from whatsit.cameras.capture import BrokenFrameError, Capture
from whatsit.cameras.remote import RemoteCamera
from whatsit.errors import CameraError, CameraLostError

WARM_UP_FRAMES = 12
"""Thrown away at the start: exposure and white balance are still finding their values."""


def from_address(address: Address) -> RemoteCamera:
    """The camera at ``picamera:N`` with the options ``size``, ``fps``, ``hflip`` and ``vflip``.

    Raises:
        CameraError: not a number, an unknown option, a value out of range, or picamera2 is not installed.
    """
    address.only(("size", "fps", "hflip", "vflip"))
    if not (address.target or "0").isdecimal() or len(address.target) > 2:
        raise CameraError(f"{address.text}: a Pi camera is picamera:0 or picamera:1; see  whatsit cameras")
    if find_spec("picamera2") is None:
        raise CameraError(
            f"{address.text}: picamera2 is not installed here: run  sudo apt install python3-picamera2  and "
            "make the virtual environment with  python3 -m venv --system-site-packages"
        )
    width, height = address.size((640, 480))
    options = {
        "index": int(address.target or 0),
        "width": width,
        "height": height,
        "fps": address.number("fps", 30, 1, 120),
        "hflip": address.flag("hflip"),
        "vflip": address.flag("vflip"),
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
    """The camera, running and warmed up. ``picamera2`` and ``libcamera`` are the modules, or a fake of them.

    Raises:
        CameraLostError: there is no such camera, or it is in use.
    """
    picamera2 = picamera2 or import_module("picamera2")
    libcamera = libcamera or import_module("libcamera")
    try:
        device = picamera2.Picamera2(index)
    except (RuntimeError, IndexError) as error:
        raise CameraLostError(f"it cannot be opened ({error}); is its cable in, and nobody else using it?") from error
    try:
        micros = round(1_000_000 / fps)
        # picamera2 names formats as libcamera does, by the order in a little-endian word: "BGR888" is the one
        # whose array has red first. The default, XBGR8888, has four channels.
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
