"""Small square pictures for the pages' cards, and a larger one to look at."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from whatsit.imaging.image import load_image
from whatsit.imaging.preprocess import Preprocess

SIDE = 144
TILE = 200
"""Side of the gallery's tiles in pixels, sharp enough for high-resolution screens."""
_LARGE = 1280


@lru_cache(maxsize=512)
def thumbnail(path: Path, side: int = SIDE, version: str = "") -> bytes:
    """The middle of a picture as a small JPEG file, as the backbone would see it.

    Args:
        version: changes with the file's content, if another picture can take its path.

    Raises:
        ImageError: the picture is missing or broken.
    """
    return _jpeg(Image.fromarray(Preprocess(side, side).pixels(path)))


def large(path: Path) -> bytes:
    """The whole picture as a JPEG file of 1280 pixels at most a side.

    Raises:
        ImageError: the picture is missing or broken.
    """
    picture = load_image(path, at_least=_LARGE)
    picture.thumbnail((_LARGE, _LARGE))
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()
