"""What is measured in one decoding of a picture: its size, sharpness and exposure, and a thumbnail."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from whatsit.errors import ImageError
from whatsit.imaging.image import PictureHeader, apply_to_image, picture_header

THUMB = 64
"""Side of the square grey thumbnail in pixels."""
COLOUR = 16
"""Side of the square RGB thumbnail in pixels."""
THUMB_BYTES = THUMB**2 + 3 * COLOUR**2
_DETAIL = 256


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Measurements of one picture's content; of an unreadable picture only ``error`` is set."""

    width: int = 0
    height: int = 0
    thumb: bytes = b""
    """64 x 64 grey and then 16 x 16 RGB pixels, the whole picture squashed into a square."""
    sharpness: float = 0.0
    """Standard deviation of the Laplacian of the grey picture at 256 pixels (Pech-Pacheco 2000)."""
    dark: float = 0.0
    """Fraction of pixels below grey level 16, 0..1."""
    bright: float = 0.0
    """Fraction of pixels above grey level 239, 0..1."""
    error: str = ""
    """Why the picture cannot be read; empty where it can."""


def fingerprint(content: bytes) -> Fingerprint:
    """Decode ``content`` once, at reduced size where the format allows, and measure it.

    Nothing is raised for a picture that cannot be read: its fingerprint says why in ``error``.
    """
    try:
        header = picture_header(content)
        return apply_to_image(content, lambda picture: _measured(picture, header), at_least=_DETAIL)
    except ImageError as error:
        return Fingerprint(error=str(error))


def _measured(picture: Image.Image, header: PictureHeader) -> Fingerprint:
    thumb = picture.resize((THUMB, THUMB), Image.Resampling.BOX, reducing_gap=2.0)
    colour = thumb.resize((COLOUR, COLOUR), Image.Resampling.BOX)
    grey = picture.convert("L")
    if min(grey.size) > _DETAIL:
        scale = _DETAIL / min(grey.size)
        grey = grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.BOX)
    levels = grey.histogram()
    pixels = grey.width * grey.height
    edges = grey.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    inner = np.asarray(edges, np.float32)[1:-1, 1:-1]
    return Fingerprint(
        width=header.width,
        height=header.height,
        thumb=thumb.convert("L").tobytes() + colour.tobytes(),
        sharpness=float(inner.std()) if inner.size else 0.0,
        dark=sum(levels[:16]) / pixels,
        bright=sum(levels[240:]) / pixels,
    )
