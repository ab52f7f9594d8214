"""``file:clip.mp4``: a video file, through OpenCV's FFmpeg."""

import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import Capture
from whatsit.cameras.opencv import VideoCapture, open_video, prop, rgb
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource
from whatsit.errors import CameraEndedError, CameraError
from whatsit.plugins import EXTRAS, Address, FlagOption, NumberOption

FPS = NumberOption("fps", "frames per second; 0: as fast as they are read", None, 0, 240, "the file's")
LOOP = FlagOption("loop", "start again at the end")


def from_address(address: Address) -> RemoteCamera:
    """The video at ``file:PATH``.

    Raises:
        CameraError: no such file, or a value out of range.
    """
    path = Path(address.target)
    if not path.is_file():
        raise address.refusal(f"no video file at {path}")
    options = {"path": str(path.resolve()), "fps": FPS.of(address), "loop": LOOP.of(address)}
    return RemoteCamera(address.text, f"{__name__}:open_file", options, newest=False)


def open_file(path: str, fps: float | None, loop: bool, opening: Callable[..., VideoCapture] = open_video) -> Capture:
    """The file as a capture.

    Args:
        fps: frames per second; None: the file's; 0: as fast as they are read.
        loop: whether to start again at the end.

    Raises:
        CameraError: it is not a video that can be read.
    """
    # A playlist must not make FFmpeg fetch from the network.
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file"
    return VideoFileCapture(lambda: opening(path, "FFMPEG"), fps, loop)


class VideoFileCapture:
    """Every frame of the file in order, at the file's rate or another."""

    def __init__(self, opening: Callable[[], VideoCapture], fps: float | None, loop: bool) -> None:
        self._opening = opening
        self._video = opening()
        if not self._video.isOpened():
            raise CameraError("not a video that can be read")
        own = self._video.get(prop("FPS"))
        own = own if math.isfinite(own) and 1 <= own <= 240 else 25.0
        rate = own if fps is None else fps
        self._interval = 1 / rate if rate else 0.0
        self._loop = loop
        self._due = 0.0
        self._given = 0
        self._released = threading.Event()

    def grab(self) -> NDArray[np.uint8]:
        self._released.wait(max(0.0, self._due - time.monotonic()))
        self._due = max(self._due, time.monotonic() - self._interval) + self._interval
        there, picture = self._video.read()
        if not there and self._loop and self._given:
            self._video.release()
            self._video = self._opening()
            self._given = 0
            there, picture = self._video.read()
        if not there:
            if not self._given:
                raise CameraError("no picture in it can be read")
            raise CameraEndedError("no further picture; add ?loop=1 to start again")
        self._given += 1
        return rgb(picture)

    def release(self) -> None:
        self._released.set()
        self._video.release()


SOURCE = CameraSource(
    description="a video file",
    example="file:clip.mp4",
    options=(FPS, LOOP),
    requirement=EXTRAS["opencv"],
    open=from_address,
)
