"""``maix.display``: the page in the browser."""

from whatsit.maix.device import DEVICE
from whatsit.maix.image import Fit, Image
from whatsit.plugins import EXTRAS

__all__ = ["Display"]


class Display:
    """The display: the page that ``whatsit maix run`` opens, or starts here where the program runs by itself.

    Args:
        width: in pixels; -1: as ``whatsit maix run`` says, else a MaixCAM's.
        height: likewise.
    """

    def __init__(self, width: int = -1, height: int = -1, *_: object, **__: object) -> None:
        if width > 0:
            DEVICE.width = width
        if height > 0:
            DEVICE.height = height
        if DEVICE.open_page is None:
            EXTRAS["studio"].check("the page of the display")
            from whatsit.maix.page import start_page

            DEVICE.open_page = start_page
        DEVICE.open_display()

    def width(self) -> int:
        """In pixels."""
        return DEVICE.width

    def height(self) -> int:
        """In pixels."""
        return DEVICE.height

    def show(self, img: Image, fit: Fit = Fit.FIT_CONTAIN) -> None:
        """Show a picture; one of another size is fitted to the display, by default whole with black around it."""
        if (img.width(), img.height()) != (DEVICE.width, DEVICE.height):
            img = img.resize(DEVICE.width, DEVICE.height, fit)
        DEVICE.show(img.jpeg())

    def close(self) -> None:
        """Nothing: the page stays until the program ends."""
