"""Pictures for the studio's tests: plain colours, which PixelEmbedder tells apart."""

import io

import numpy as np
from PIL import Image


def jpeg(colour: str | tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG file of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG", quality=92)
    return file.getvalue()


def shade(seed: int) -> bytes:
    """A JPEG file of a colour that depends on ``seed``."""
    red, green, blue = np.random.default_rng(seed).integers(0, 256, 3).tolist()
    return jpeg((red, green, blue))
