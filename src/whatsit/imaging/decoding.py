"""What decoding a picture costs in memory, known before it begins, and one budget for all that are decoded at once."""

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_MEMORY = 2**28 + 2**24
"""Bytes that decoding may take, of one picture and of all at once: 272 MiB, which a computer with 512 MB has."""

# Bytes per pixel while a decoder works, beyond the picture that Pillow keeps; tests/imaging/test_decoding.py measures.
_DECODER = {"WEBP": 12, "AVIF": 12, "HEIF": 12, "TIFF": 4, "BMP": 4, "GIF": 4}
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}
"""Bytes per pixel as Pillow keeps them; 4 in all other modes."""
_LARGE = 2**25
_RESULT = 4
_ON_WHITE = 5
"""Bytes per pixel to lay a transparent picture on white: the white, and the mask."""
_ORIENTATION = 0x0112


def webp_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP file (RFC 9649) in pixels, None where its header is broken.

    The decoder makes room for all pixels when it opens a file, which can have 30 bytes and claim 16,383 x 16,383.
    """
    kind, body = content[12:16], content[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None


def memory(picture: "ImageFile", whole: tuple[int, int], encoded: int) -> int:
    """The most bytes that decoding a picture to upright RGB takes.

    Args:
        picture: opened, not decoded; its size is what it will be decoded at.
        whole: its full width and height.
        encoded: the bytes of the file.
    """
    pixels = picture.width * picture.height
    stored = _STORED.get(picture.mode, 4)
    each = stored + _DECODER.get(str(picture.format), 0)
    if picture.mode != "RGB" or "transparency" in picture.info:
        each += _RESULT
    if picture.has_transparency_data:
        each += _ON_WHITE + (0 if picture.mode == "RGBA" else 4)
    if _is_turned(picture):
        each += stored
    return encoded + pixels * each + _coefficients(picture, whole)


def _is_turned(picture: "ImageFile") -> bool:
    # For other formats it is not known before decoding; Pillow would decode a PNG to look for it.
    return (picture.format == "JPEG" or "exif" in picture.info) and orientation(picture) != 1


def orientation(picture: "ImageFile") -> int:
    """How a picture has to be turned, as EXIF counts: 1, as it is, to 8."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF is ignored here as when the picture is turned
        return 1


def _coefficients(picture: "ImageFile", whole: tuple[int, int]) -> int:
    """What a progressive JPEG keeps until its last scan: 16 bits for each sample of the whole picture (T.81, G)."""
    if not picture.info.get("progressive"):
        return 0
    layers = getattr(picture, "layer", [])
    most = max((across * down for _, across, down, *_ in layers), default=1)
    return sum(whole[0] * whole[1] * 2 * across * down // most for _, across, down, *_ in layers)


class Budget:
    """Memory that threads share: who needs more than is left waits until others are done.

    Args:
        most: bytes in all. A single claim can be larger; it waits until it is alone.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._mine = threading.local()
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)  # the threads that would give back are not in the child

    @contextlib.contextmanager
    def claimed(self, size: int) -> Iterator[None]:
        """Wait for ``size`` bytes and keep them for the block. A block inside another of its thread does not wait."""
        if getattr(self._mine, "held", False):
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._most)
            self._used += size
        self._mine.held = True
        try:
            yield
        finally:
            self._mine.held = False
            if size >= _LARGE:
                give_back()
            with self._changed:
                self._used -= size
                self._changed.notify_all()

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._used = 0
        self._mine.held = False


def give_back() -> None:
    """Give freed memory back to the system; glibc keeps what threads freed, for each thread apart."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


BUDGET = Budget(MAX_MEMORY)
"""What all pictures that this process decodes at once share."""
