"""What OpenCV can open, as a capture. The only importer of OpenCV."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import BrokenFrameError
from whatsit.errors import CameraLostError


class VideoCapture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def read(self) -> tuple[bool, Any]: ...
    def get(self, propId: int) -> float: ...  # noqa: N803
    def set(self, propId: int, value: float) -> bool: ...  # noqa: N803
    def release(self) -> None: ...


def open_video(device: int | str, backend: str, settings: Sequence[tuple[str, float]] = ()) -> VideoCapture:
    """``cv2.VideoCapture``, through one of OpenCV's backends.

    Args:
        device: a number, a path or a URL.
        backend: "V4L2" or "FFMPEG".
        settings: pairs of a property's name, without ``CAP_PROP_``, and its value.
    """
    import cv2

    properties = [int(v) for name, value in settings for v in (getattr(cv2, f"CAP_PROP_{name}"), value)]
    opened: VideoCapture = cv2.VideoCapture(device, getattr(cv2, f"CAP_{backend}"), properties)
    return opened


def prop(name: str) -> int:
    """The number of the property ``CAP_PROP_{name}``."""
    import cv2

    return int(getattr(cv2, f"CAP_PROP_{name}"))


class OpenCvCapture:
    """A live device or stream."""

    def __init__(self, video: VideoCapture) -> None:
        self._video = video
        if not video.isOpened():
            raise CameraLostError("it cannot be opened; is it connected, and not in use by another program?")

    def grab(self) -> NDArray[np.uint8]:
        there, picture = self._video.read()
        if not there:
            raise CameraLostError("it stopped giving pictures")
        return rgb(picture)

    def release(self) -> None:
        self._video.release()


def rgb(picture: Any) -> NDArray[np.uint8]:
    """OpenCV's picture, in the order blue, green, red, as RGB; shape (height, width, 3).

    Raises:
        BrokenFrameError: it is not a colour picture of 8 bits.
    """
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3:
        raise BrokenFrameError(f"not a colour picture: {getattr(picture, 'shape', type(picture).__name__)}")
    if picture.dtype != np.uint8:
        raise BrokenFrameError(f"not 8 bits a channel: {picture.dtype}")
    return np.ascontiguousarray(picture[:, :, ::-1])
