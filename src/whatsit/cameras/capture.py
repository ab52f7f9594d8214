"""What runs in a camera's own process: the device itself, read by calls that can block forever."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import CameraEndedError, CameraError, CameraLostError, ImageError
from whatsit.imaging.image import load_image, picture_header


class Capture(Protocol):
    """An open device or stream. Its calls can block forever; then the process around it is killed."""

    def grab(self) -> NDArray[np.uint8]:
        """Wait for the next picture: RGB, shape (height, width, 3).

        Raises:
            BrokenFrameError: this picture is damaged; the next one can be good.
            CameraEndedError: the recording is over.
            CameraLostError: the device is gone; opening it again can help.
            CameraError: it will never work as asked for.
        """

    def release(self) -> None:
        """Release the device."""


MAX_FRAME_PIXELS = 2**24
"""16.8 million: more than a live picture needs, and a decoded frame stays below 50 MB."""


ERRORS: dict[str, type[CameraError]] = {
    error.__name__: error for error in (CameraEndedError, CameraLostError, CameraError)
}
"""The errors that cross from the camera's process to ours, by name; the most specific ones first."""


class BrokenFrameError(Exception):
    """A picture that is dropped and counted."""


def decode_frame(content: bytes) -> NDArray[np.uint8]:
    """An encoded frame as RGB, shape (height, width, 3); its size is checked before it is decoded.

    Raises:
        BrokenFrameError: it cannot be read, or has more than ``MAX_FRAME_PIXELS``.
    """
    try:
        header = picture_header(content)
        if header.width * header.height > MAX_FRAME_PIXELS:
            raise BrokenFrameError(f"a frame of {header.width} x {header.height} pixels")
        return np.asarray(load_image(content))
    except ImageError as error:
        raise BrokenFrameError(str(error)) from error


def check_frame(image: NDArray[np.uint8], shape: tuple[int, ...] | None) -> NDArray[np.uint8]:
    """``image`` itself if it is RGB uint8 and has the ``shape`` of the stream's first frame.

    Raises:
        BrokenFrameError: it is not.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise BrokenFrameError(f"a frame of shape {image.shape} and type {image.dtype}")
    if image.shape[0] * image.shape[1] > MAX_FRAME_PIXELS:
        raise BrokenFrameError(f"a frame of {image.shape[1]} x {image.shape[0]} pixels")
    if shape is not None and image.shape != shape:
        raise BrokenFrameError(f"a frame of shape {image.shape} in a stream of {shape}")
    return image
