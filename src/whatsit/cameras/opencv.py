"""Whatever OpenCV can open, as a capture. The only importer of OpenCV."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import BrokenFrameError
from whatsit.errors import CameraError, CameraLostError, MissingExtraError


class VideoCapture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def read(self) -> tuple[bool, Any]: ...
    def get(self, propId: int) -> float: ...  # noqa: N803
    def set(self, propId: int, value: float) -> bool: ...  # noqa: N803
    def release(self) -> None: ...


def require_opencv(source: str) -> None:
    """Refuse early where OpenCV is missing; it is not loaded here but in the camera's own process.

    Raises:
        MissingExtraError: naming the extra that brings it.
    """
    if find_spec("cv2") is None:
        raise MissingExtraError("OpenCV", "opencv", source)


def open_video(device: int | str, backend: str, settings: Sequence[tuple[str, float]] = ()) -> VideoCapture:
    """``cv2.VideoCapture(device)`` by ``backend`` ("V4L2", "FFMPEG"); settings named as after CAP_PROP_."""
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
            raise CameraLostError("it cannot be opened; is it there, and not in use by another program?")

    def grab(self) -> NDArray[np.uint8]:
        there, picture = self._video.read()
        if not there:
            raise CameraLostError("it stopped giving pictures")
        return rgb(picture)

    def release(self) -> None:
        self._video.release()


def rgb(picture: Any) -> NDArray[np.uint8]:
    """OpenCV's blue, green, red as red, green, blue.

    Raises:
        BrokenFrameError: it is not a colour picture of 8 bits.
    """
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3:
        raise BrokenFrameError(f"not a colour picture: {getattr(picture, 'shape', type(picture).__name__)}")
    if picture.dtype != np.uint8:
        raise BrokenFrameError(f"not 8 bits a channel: {picture.dtype}")
    return np.ascontiguousarray(picture[:, :, ::-1])


def refuse_unopened(video: VideoCapture, what: str) -> None:
    """
    Raises:
        CameraError: ``video`` is not open, and never will be.
    """
    if not video.isOpened():
        raise CameraError(what)
