"""``maix.app``: whether the program should end."""

from whatsit.maix.device import DEVICE

__all__ = ["need_exit", "set_exit_flag"]


def need_exit() -> bool:
    """Whether the program should end: *Exit* on the display's page, Ctrl-C, or ``set_exit_flag``."""
    return DEVICE.leaving.is_set()


def set_exit_flag(exit: bool) -> None:
    """Ask the program to end, or take that back."""
    if exit:
        DEVICE.leaving.set()
    else:
        DEVICE.leaving.clear()
