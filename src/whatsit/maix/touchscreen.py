"""``maix.touchscreen``: a mouse or a finger on the display's page."""

from whatsit.maix.device import DEVICE

__all__ = ["TouchScreen"]


class TouchScreen:
    """The display's touch panel. What MaixPy's class takes is taken and not used."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def read(self) -> list[int]:
        """[x, y, pressed] in the display's pixels. A short tap is seen once, and its end at the next call."""
        x, y, pressed = DEVICE.touched()
        return [x, y, int(pressed)]

    def available(self, timeout: int = 0) -> bool:
        """Whether something changes within ``timeout`` milliseconds."""
        return DEVICE.wait_for_touch(timeout / 1e3)
