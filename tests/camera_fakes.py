"""Fakes for a camera's own process: ``cv2.VideoCapture`` without a device, told what to do by a plug file."""

import builtins
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from whatsit import errors
from whatsit.cameras.capture import Capture
from whatsit.cameras.sources.usb import open_usb


class FakeVideoCapture:
    """A blue-green-red device whose plug is a file: see ``whatsit.cameras.sources.fake``."""

    def __init__(self, plug: Path) -> None:
        self._plug = plug
        self._settings: dict[int, float] = {}

    def isOpened(self) -> bool:
        return self._plug.exists()

    def read(self) -> tuple[bool, Any]:
        threading.Event().wait(0.01)
        if not self._plug.exists():
            return False, None
        state = self._plug.read_text().strip()
        if state == "hung":
            threading.Event().wait()
        if state == "corrupt":
            return True, np.zeros((0, 0), np.uint8)
        size = (
            int(self._settings[cv2.CAP_PROP_FRAME_HEIGHT]),
            int(self._settings[cv2.CAP_PROP_FRAME_WIDTH]),
        )
        if state == "small":
            size = (size[0] // 2, size[1] // 2)
        picture = np.zeros((*size, 3), np.uint8)
        picture[..., 2] = 220
        return True, picture

    def get(self, propId: int) -> float:  # noqa: N803
        return 0.0

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self._settings[propId] = value
        return propId != cv2.CAP_PROP_FPS  # as cameras that have but one rate

    def release(self) -> None:
        pass


def open_failing(error: str, text: str) -> Capture:
    """A device that cannot be opened, for a reason of this class."""
    raise (getattr(errors, error, None) or getattr(builtins, error))(text)


def open_fake_usb(plug: str, **options: Any) -> Capture:
    """``open_usb`` on the fake."""

    def opening(index: int, backend: str) -> FakeVideoCapture:
        assert (index, backend) == (0, "V4L2")
        return FakeVideoCapture(Path(plug))

    return open_usb(index=0, **options, opening=opening)
