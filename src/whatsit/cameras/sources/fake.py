"""``fake:PLUG``: a camera that misbehaves on demand, to see what a program does then.

Its plug is a small text file. While the file contains ``streaming``, the camera works; ``hung``: it stops
without an error; ``corrupt``: its pictures are broken; ``small``: they have another size; ``over``: the
recording ends. When the file is removed, the camera is gone.
"""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import BrokenFrameError, Capture
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource
from whatsit.errors import CameraEndedError, CameraLostError
from whatsit.plugins import Address, NumberOption, SizeOption

SIZE = SizeOption("size", "width and height of the pictures", (320, 240))
FPS = NumberOption("fps", "frames per second", 30.0, 1, 120)


def from_address(address: Address) -> RemoteCamera:
    """The camera at ``fake:PLUG``.

    Raises:
        CameraError: a value out of range.
    """
    width, height = SIZE.of(address)
    options = {"plug": address.target, "width": width, "height": height, "fps": FPS.of(address)}
    return RemoteCamera(address.text, f"{__name__}:open_fake", options)


def open_fake(plug: str, width: int, height: int, fps: float) -> Capture:
    """The capture behind a plug.

    Raises:
        CameraLostError: it is not plugged in.
    """
    capture = FakeCapture(Path(plug), width, height, fps)
    capture.state()
    return capture


class FakeCapture:
    """A red picture with a bright bar that moves one column per frame."""

    def __init__(self, plug: Path, width: int, height: int, fps: float) -> None:
        self._plug = plug
        self._size = width, height
        self._interval = 1 / fps
        self._number = 0
        self._released = threading.Event()

    def state(self) -> str:
        """What the plug contains.

        Raises:
            CameraLostError: it is not there.
        """
        try:
            return self._plug.read_text(encoding="ascii").strip()
        except OSError as error:
            raise CameraLostError("it is not plugged in") from error

    def grab(self) -> NDArray[np.uint8]:
        self._released.wait(self._interval)
        state = self.state()
        if state == "hung":
            threading.Event().wait()
        if state == "corrupt":
            raise BrokenFrameError("as the plug says")
        if state == "over":
            raise CameraEndedError("no further picture")
        width, height = self._size if state != "small" else (self._size[0] // 2, self._size[1] // 2)
        picture = np.zeros((height, width, 3), np.uint8)
        picture[:, :, 0] = 200
        picture[:, self._number % width] = 255
        self._number += 1
        return picture

    def release(self) -> None:
        self._released.set()


SOURCE = CameraSource(
    description="a camera that hangs, vanishes or sends rubbish on demand",
    example="fake:PLUG",
    options=(SIZE, FPS),
    open=from_address,
    hidden=True,
)
