"""``maix.image``: pictures that can be drawn on, cut, fitted and saved."""

import io
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from whatsit.errors import ArgumentError, ImageError
from whatsit.files import write_file
from whatsit.imaging.image import load_image
from whatsit.maix.files import here
from whatsit.maix.text import lay_out, load_font, set_default_font, string_size
from whatsit.teaching.maixpy_types import Format, MaixFit, Size

Fit = MaixFit
"""``image.Fit``: FIT_FILL, FIT_CONTAIN, FIT_COVER."""

__all__ = [
    "COLOR_BLACK", "COLOR_BLUE", "COLOR_GRAY", "COLOR_GREEN", "COLOR_ORANGE", "COLOR_PURPLE", "COLOR_RED",
    "COLOR_WHITE", "COLOR_YELLOW", "Color", "Fit", "Format", "Image", "Size", "cv2image", "image2cv", "load",
    "load_font", "set_default_font", "string_size",
]  # fmt: skip

_log = logging.getLogger(__name__)
_JPEG_QUALITY = 90


class Color(NamedTuple):
    """A colour, each part 0..255."""

    r: int
    g: int
    b: int

    @classmethod
    def from_rgb(cls, r: int, g: int, b: int) -> "Color":
        """The colour of these parts."""
        return cls(r, g, b)


COLOR_WHITE, COLOR_BLACK, COLOR_GRAY = Color(255, 255, 255), Color(0, 0, 0), Color(127, 127, 127)
COLOR_RED, COLOR_GREEN, COLOR_BLUE = Color(255, 0, 0), Color(0, 255, 0), Color(0, 0, 255)
COLOR_YELLOW, COLOR_PURPLE, COLOR_ORANGE = Color(255, 255, 0), Color(143, 0, 255), Color(255, 127, 0)


class Image:
    """A picture.

    Args:
        width: in pixels, 1 or more.
        height: likewise.
        format: RGB888, BGR888 or GRAYSCALE.
        bg: what it is filled with; None: black.
    """

    def __init__(
        self,
        width: int,
        height: int,
        format: Format = Format.FMT_RGB888,
        bg: Color | None = None,
    ) -> None:
        if width < 1 or height < 1:
            raise ArgumentError(f"an image of {width} x {height}: expected 1 or more pixels each way")
        self._picture = Pillow.new("RGB", (width, height), tuple(bg or COLOR_BLACK))
        self._format = Format(format)

    @classmethod
    def of(cls, pixels: NDArray[np.uint8] | Pillow.Image, format: Format = Format.FMT_RGB888) -> "Image":
        """The image of RGB pixels, shape (height, width, 3), kept in ``format``."""
        made = cls.__new__(cls)
        picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
        made._picture = picture.convert("L").convert("RGB") if format is Format.FMT_GRAYSCALE else picture
        made._format = format
        return made

    def rgb(self) -> NDArray[np.uint8]:
        """Its pixels as RGB, shape (height, width, 3), whatever its format."""
        return np.asarray(self._picture)

    def width(self) -> int:
        """In pixels."""
        return self._picture.width

    def height(self) -> int:
        """In pixels."""
        return self._picture.height

    def size(self) -> Size:
        """Width and height."""
        return Size(*self._picture.size)

    def format(self) -> Format:
        """How its pixels lie in memory."""
        return self._format

    def to_format(self, format: Format) -> "Image":
        """A copy in another format."""
        return Image.of(self._picture.copy(), Format(format))

    def copy(self) -> "Image":
        """A copy that can be drawn on."""
        return Image.of(self._picture.copy(), self._format)

    def resize(self, width: int, height: int, object_fit: Fit = Fit.FIT_FILL, *_: object) -> "Image":
        """A copy of another size; -1 for one side keeps the proportions.

        Args:
            object_fit: FIT_FILL stretches, FIT_CONTAIN lays black around, FIT_COVER cuts the middle out.
        """
        if width < 1:
            width = max(1, round(height * self.width() / self.height()))
        if height < 1:
            height = max(1, round(width * self.height() / self.width()))
        return Image.of(_fitted(self._picture, (width, height), Fit(object_fit)), self._format)

    def crop(self, x: int, y: int, w: int, h: int) -> "Image":
        """A copy of a part of it.

        Raises:
            ArgumentError: the part is not inside.
        """
        if min(x, y) < 0 or min(w, h) < 1 or x + w > self.width() or y + h > self.height():
            raise ArgumentError(f"crop ({x}, {y}, {w}, {h}): not inside {self.width()} x {self.height()} pixels")
        return Image.of(self._picture.crop((x, y, x + w, y + h)), self._format)

    def draw_string(
        self, x: int, y: int, textstring: str, color: Color = COLOR_WHITE, scale: float = 1, thickness: int = -1,
        wrap: bool = True, wrap_space: int = 4, font: str = "",
    ) -> "Image":  # fmt: skip
        """Write text with its upper left corner at (x, y); it is broken into lines at the right edge where ``wrap``."""
        room = self.width() - x if wrap else None
        laid = lay_out(textstring, scale, thickness, font, room)
        line = y
        for text in laid.lines:
            self._drawing().text((x, line), text, tuple(color), laid.font, stroke_width=laid.stroke)
            line += laid.height + wrap_space
        return self

    def draw_rect(self, x: int, y: int, w: int, h: int, color: Color = COLOR_WHITE, thickness: int = 1) -> "Image":
        """Draw a rectangle; a thickness of -1 fills it."""
        if w < 1 or h < 1:
            return self
        box = (x, y, x + w - 1, y + h - 1)
        if thickness < 0:
            self._drawing().rectangle(box, fill=tuple(color))
        else:
            self._drawing().rectangle(box, outline=tuple(color), width=max(1, thickness))
        return self

    def draw_line(self, x1: int, y1: int, x2: int, y2: int, color: Color = COLOR_WHITE, thickness: int = 1) -> "Image":
        """Draw a line."""
        self._drawing().line((x1, y1, x2, y2), tuple(color), max(1, thickness))
        return self

    def draw_circle(self, x: int, y: int, radius: int, color: Color = COLOR_WHITE, thickness: int = 1) -> "Image":
        """Draw a circle; a thickness of -1 fills it."""
        box = (x - radius, y - radius, x + radius, y + radius)
        if thickness < 0:
            self._drawing().ellipse(box, fill=tuple(color))
        else:
            self._drawing().ellipse(box, outline=tuple(color), width=max(1, thickness))
        return self

    def draw_image(self, x: int, y: int, img: "Image") -> "Image":
        """Lay another picture on this one; what reaches over the edge is cut."""
        self._picture.paste(img._picture, (x, y))
        return self

    def save(self, path: str | os.PathLike[str], quality: int = 95) -> "Image":
        """Write it to a file of the format that its name says.

        Raises:
            ArgumentError: the name says no format.
            DataError: the file cannot be written.
        """
        suffix = Path(path).suffix.lower()
        kind = Pillow.registered_extensions().get(suffix)
        if kind is None:
            raise ArgumentError(f"{path}: expected a name that ends in .jpg, .png or another format of pictures")
        content = io.BytesIO()
        self._picture.save(content, kind, quality=quality)
        write_file(Path(here(path)), content.getvalue())
        return self

    def jpeg(self) -> bytes:
        """Encoded for the display's page."""
        content = io.BytesIO()
        self._picture.save(content, "JPEG", quality=_JPEG_QUALITY)
        return content.getvalue()

    def _drawing(self) -> ImageDraw.ImageDraw:
        if self._picture.readonly:
            self._picture = self._picture.copy()
        return ImageDraw.Draw(self._picture)

    def __str__(self) -> str:
        return f"Image({self.width()}x{self.height()}, {self._format.name})"


def load(path: str | os.PathLike[str], format: Format = Format.FMT_RGB888) -> Image | None:
    """A picture from a file; None where it cannot be read, which the log says."""
    try:
        return Image.of(load_image(here(path)), Format(format))
    except ImageError as error:
        _log.error("%s", error)
        return None


def cv2image(array: NDArray[np.uint8], bgr: bool = True, copy: bool = True) -> Image:
    """The image of an OpenCV array, shape (height, width, 3) or (height, width)."""
    if array.ndim == 2:
        return Image.of(np.repeat(array[..., np.newaxis], 3, axis=2), Format.FMT_GRAYSCALE)
    rgb = np.ascontiguousarray(array[..., ::-1] if bgr else array)
    return Image.of(rgb, Format.FMT_BGR888 if bgr else Format.FMT_RGB888)


def image2cv(img: Image, ensure_bgr: bool = True, copy: bool = True) -> NDArray[np.uint8]:
    """An OpenCV array, shape (height, width, 3), in BGR order; in the image's own where not ``ensure_bgr``."""
    if img.format() is Format.FMT_GRAYSCALE and not ensure_bgr:
        return np.array(img.rgb()[..., 0])
    as_bgr = ensure_bgr or img.format() is Format.FMT_BGR888
    return np.array(img.rgb()[..., ::-1] if as_bgr else img.rgb())


def _fitted(picture: Pillow.Image, size: tuple[int, int], fit: Fit) -> Pillow.Image:
    if picture.size == size:
        return picture.copy()
    if fit is Fit.FIT_FILL:
        return picture.resize(size, Pillow.Resampling.BILINEAR)
    compare: Callable[[float, float], float] = max if fit is Fit.FIT_COVER else min
    scale = compare(size[0] / picture.width, size[1] / picture.height)
    scaled: Any = picture.resize(
        (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Pillow.Resampling.BILINEAR
    )
    place = ((size[0] - scaled.width) // 2, (size[1] - scaled.height) // 2)
    fitted = Pillow.new("RGB", size)
    fitted.paste(scaled, place)
    return fitted
