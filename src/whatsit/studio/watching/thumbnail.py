"""Small square pictures for cards and tiles, and large ones to look at."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from whatsit.imaging.image import apply_to_image
from whatsit.imaging.preprocess import Preprocess

SIDE = 144
"""Pixels."""
TILE = 200
"""Pixels of a tile on the Dataset page, which is sharp on dense screens too."""
_LARGE = 1280


@lru_cache(maxsize=512)
def thumbnail(path: Path, side: int = SIDE, version: str = "") -> bytes:
    """The middle of a picture as a small JPEG file, as the backbone sees it.

    Args:
        side: pixels.
        version: changes with the file's content, where the path can hold another picture later.

    Raises:
        ImageError: the picture is missing or broken.
    """
    return _jpeg(Image.fromarray(Preprocess(side, side).pixels(path)))


def large(picture: Path | bytes) -> bytes:
    """The whole picture as a JPEG file of at most 1280 x 1280 pixels.

    Raises:
        ImageError: the picture is missing or broken.
    """
    return apply_to_image(picture, _large_jpeg, at_least=_LARGE)


def _large_jpeg(picture: Image.Image) -> bytes:
    picture.thumbnail((_LARGE, _LARGE))
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()
