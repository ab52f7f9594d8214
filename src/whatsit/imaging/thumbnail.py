"""A picture's middle square, small, inside an HTML page."""

import base64
import io

from PIL import Image

from whatsit.errors import ImageError
from whatsit.imaging.image import ImageLike, load_image


def square_data_url(picture: ImageLike, side: int) -> str:
    """A JPEG of ``side`` by ``side`` pixels as a ``data:`` address; empty where the picture cannot be read."""
    try:
        image = load_image(picture, at_least=side)
    except ImageError:  # it was readable a moment ago; the page goes on without it
        return ""
    image.thumbnail((side * 2, side * 2))
    short = min(image.size)
    left, top = (image.width - short) // 2, (image.height - short) // 2
    square = image.crop((left, top, left + short, top + short)).resize((side, side), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    square.save(stream, "JPEG", quality=75)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
