"""A picture's middle square, small, also inside an HTML page."""

import base64
import io

from PIL import Image

from whatsit.errors import ImageError
from whatsit.imaging.image import ImageLike, load_image


def square(image: Image.Image, side: int) -> Image.Image:
    """The middle square of a picture, ``side`` by ``side`` pixels."""
    small = image.copy()
    small.thumbnail((side * 2, side * 2))
    short = min(small.size)
    left, top = (small.width - short) // 2, (small.height - short) // 2
    return small.crop((left, top, left + short, top + short)).resize((side, side), Image.Resampling.BICUBIC)


def square_data_url(picture: ImageLike, side: int) -> str:
    """A JPEG of ``side`` by ``side`` pixels as a ``data:`` address; empty where the picture cannot be read."""
    try:
        image = load_image(picture, at_least=side)
    except ImageError:  # it was readable a moment ago; the page goes on without it
        return ""
    stream = io.BytesIO()
    square(image, side).save(stream, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
