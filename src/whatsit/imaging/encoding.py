"""Pixels as a picture file: JPEG, or PNG, which loses nothing."""

import io
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whatsit.errors import ImageArgumentError
from whatsit.validation import short

JPEG_QUALITY = 92
_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}


def check_picture_name(name: str | PurePath) -> str:
    """The format of a picture to be written, by the ending of its name.

    Raises:
        ImageArgumentError: another ending.
    """
    kind = _FORMATS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise ImageArgumentError(f"{short(str(name))}: expected a name ending in {', '.join(_FORMATS)}")
    return kind


def encoded(image: NDArray[np.uint8], name: str | PurePath = "picture.jpg") -> bytes:
    """The file's bytes of an RGB picture, uint8 of shape (height, width, 3).

    Raises:
        ImageArgumentError: see ``check_picture_name``.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, check_picture_name(name), quality=JPEG_QUALITY)
    return buffer.getvalue()
