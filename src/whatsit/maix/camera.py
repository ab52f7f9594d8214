"""``maix.camera``: any of whatsit's cameras."""

import numpy as np

from whatsit.cameras.listing import first_camera
from whatsit.cameras.opening import open_camera_without_page
from whatsit.maix.device import DEVICE, say
from whatsit.maix.image import Fit, Format, Image

__all__ = ["Camera"]


class Camera:
    """The computer's camera, its pictures cut to the size asked for.

    Args:
        width: of a picture in pixels; -1: the display's.
        height: likewise.
        format: RGB888, BGR888 or GRAYSCALE.

    Raises:
        CameraError: there is no such camera, or it gives nothing.
        ArgumentError: a format that is not one of these.
    """

    def __init__(
        self, width: int = -1, height: int = -1, format: Format = Format.FMT_RGB888,
        **_: object,
    ) -> None:  # fmt: skip
        self._size = (width if width > 0 else DEVICE.width, height if height > 0 else DEVICE.height)
        self._format = Format(format)
        address = DEVICE.camera or first_camera()
        self._camera = open_camera_without_page(address)
        say(f"the camera is {self._camera.source}")

    def read(self) -> Image:
        """Wait for the next picture.

        Raises:
            CameraError: the camera is gone.
        """
        frame = Image.of(np.array(self._camera.read().image))
        return frame.resize(*self._size, Fit.FIT_COVER).to_format(self._format)

    def skip_frames(self, num: int) -> None:
        """Let ``num`` pictures pass."""
        for _ in range(num):
            self._camera.read()

    def width(self) -> int:
        """Of a picture, in pixels."""
        return self._size[0]

    def height(self) -> int:
        """Of a picture, in pixels."""
        return self._size[1]

    def format(self) -> Format:
        """Of a picture."""
        return self._format

    def close(self) -> None:
        """Release the camera."""
        self._camera.close()
