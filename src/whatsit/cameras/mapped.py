"""A camera whose every picture goes through a function first: turned, masked, brightened, whatever a place needs."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.camera import Camera, ClosingCamera, Frame, check_camera
from whatsit.cameras.opening import open_camera_without_page
from whatsit.errors import CameraError

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


class MappedCamera(ClosingCamera):
    """A camera's frames as a function leaves them, wherever a camera is taken: ``Live``, ``capture``, ``SharedCamera``.

    Teach or train on pictures that went through the same function: a model knows only what it was shown.

    Args:
        camera: an address, or a camera; closed with this one.
        change: given an RGB picture, uint8 of shape (height, width, 3), which it may write to; gives one back, of any
            size. What it raises ends the camera's work.

    Raises:
        CameraError: the camera's address is not understood, or its pictures come from a page.

    Example:
        >>> with MappedCamera("synthetic:", lambda image: image[::-1]) as upside_down:
        ...     upside_down.read().image.shape
        (480, 640, 3)
    """

    def __init__(self, camera: Camera | str, change: Change) -> None:
        self._camera = open_camera_without_page(camera) if isinstance(camera, str) else camera
        check_camera(self._camera)
        self._change = change

    @property
    def source(self) -> str:
        return self._camera.source

    @property
    def dropped(self) -> int:
        return self._camera.dropped

    def read(self) -> Frame:
        """Wait for the next frame.

        Raises:
            CameraError: what the function gave is no picture; see also ``Camera.read``.
        """
        frame = self._camera.read()
        image = self._change(frame.image.copy())  # other watchers of the camera may have the same array
        if not _is_picture(image):
            raise CameraError(
                f"{self.source}: the function gave {_kind(image)}; expected uint8 of shape (height, width, 3)"
            )
        return replace(frame, image=np.ascontiguousarray(image))

    def close(self) -> None:
        self._camera.close()


def _is_picture(image: object) -> bool:
    return (
        isinstance(image, np.ndarray)
        and image.dtype == np.uint8
        and image.ndim == 3
        and image.shape[2] == 3
        and image.size > 0
    )


def _kind(image: object) -> str:
    return f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
