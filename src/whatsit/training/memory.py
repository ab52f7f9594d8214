"""Is there room for what is about to be trained? Asked before, because afterwards the kernel answers."""

import os
from pathlib import Path

from whatsit.errors import DataError
from whatsit.training.design import Design

_BYTES_PER_PIXEL = 1_800
"""What one picture of a batch keeps for the backward pass, per pixel of input; measured on EfficientNet-Lite0."""
_BASE = 400 * 2**20
"""PyTorch itself, the weights, their gradients and moments."""


def needed_memory(design: Design, pictures: int, side: int) -> int:
    """Bytes that training a whole network takes, roughly; pictures are kept at ``side`` by ``side`` pixels."""
    held = pictures * side * side * 3
    return _BASE + held + min(design.batch, pictures) * design.size**2 * _BYTES_PER_PIXEL


def available_memory() -> int | None:
    """Bytes that programs may still take without swapping; None where the system does not tell."""
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
    """Refuse what would not fit.

    Raises:
        DataError: naming what is needed and what is there.
    """
    available = available_memory() if available is None else available
    needed = needed_memory(design, pictures, side)
    if available is not None and needed > available:
        raise DataError(
            f"batch {design.batch} at {design.size} pixels needs about {needed / 2**30:.1f} GB of memory, "
            f"{available / 2**30:.1f} GB is free: take a smaller batch or size, or leave the backbone frozen"
        )
