"""Whether a training fits into memory, checked before it starts: later the kernel would end the process."""

import os
from pathlib import Path

from whatsit.errors import DataError
from whatsit.training.design import Design, ScratchNetwork

_BYTES_PER_PIXEL = 1_800
"""Kept for the backward pass per picture of a batch and pixel of input; measured on EfficientNet-Lite0."""
_BASE = 400 * 2**20
"""PyTorch itself, the weights, their gradients and moments."""


def needed_memory(design: Design, pictures: int, side: int) -> int:
    """Bytes that training a whole network takes, roughly.

    Args:
        pictures: training pictures, which are all kept in memory.
        side: the side, in pixels, at which they are kept.
    """
    held = pictures * side * side * 3
    return _BASE + _dense_layer(design) + held + min(design.batch, pictures) * design.size**2 * _BYTES_PER_PIXEL


def _dense_layer(design: Design) -> int:
    """The textbook's network has a weight for each unit and value of its last map, and as many moments and averages."""
    if not (design.uses("network") and design.network is ScratchNetwork.TEXTBOOK):
        return 0
    return (design.size // 4) ** 2 * 64 * 64 * 4 * 6


def available_memory() -> int | None:
    """Bytes that can still be allocated without swapping; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def check_memory(design: Design, pictures: int, side: int, available: int | None = None) -> None:
    """Refuse a training that would not fit.

    Raises:
        DataError: with the memory it needs and the memory that is free.
    """
    available = available_memory() if available is None else available
    needed = needed_memory(design, pictures, side)
    if available is not None and needed > available:
        raise DataError(
            f"batch {design.batch} at {design.size} pixels needs about {needed / 2**30:.1f} GB of memory, "
            f"{available / 2**30:.1f} GB is free: take a smaller batch or size, or leave the backbone frozen"
        )
