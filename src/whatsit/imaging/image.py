"""The one decoder of pictures: which formats, how large, and which way up."""

import io
import os
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from whatsit.errors import ArgumentError, ImageArgumentError, ImageError
from whatsit.files import read_bounded

ImageLike: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[np.uint8]
"""A path, an encoded file's bytes, a Pillow image, or an RGB uint8 array of shape (height, width, 3)."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp"})
MAX_PIXELS = 2**26
"""67 million pixels: enough for the largest camera sensors in common use, too few for a decompression bomb."""
MAX_BYTES = 2**27
"""Of an encoded picture: 128 MiB."""

# What Pillow's decoders raise on damaged files, besides OSError; Warning where the program makes errors of warnings.
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    ZeroDivisionError, EOFError, MemoryError, struct.error, Image.DecompressionBombError, Warning,
)  # fmt: skip

# Broken EXIF is ignored, see _upright_rgb; Pillow's warning about it would only hide the answer.
warnings.filterwarnings("ignore", r".*[Cc]orrupt EXIF data|Truncated File Read", UserWarning, r"PIL\.")


def load_image(image: ImageLike, *, at_least: int | None = None) -> Image.Image:
    """Decode a picture to upright RGB.

    Args:
        image: a path, the bytes of a file, a Pillow image or an RGB uint8 array of shape (height, width, 3).
        at_least: the shorter side needed, in pixels, 1 or more. A JPEG much larger than that is decoded at 1/2, 1/4
            or 1/8 of its size (the DCT scaling of ITU-T T.81), never below; other formats ignore it.

    Returns:
        A Pillow image of mode RGB. EXIF orientation is applied, transparency is laid on white, 16-bit grey is scaled
        to 8 bits, and of an animation the first frame is taken. A colour profile is not applied: networks were
        trained on the numbers as stored.

    Raises:
        ImageError: missing, empty, broken or truncated files, other formats than JPEG, PNG and WebP, more than
            ``MAX_PIXELS`` pixels or ``MAX_BYTES`` bytes.
        ImageArgumentError: none of the kinds above, or an array of another shape or type.
        ArgumentError: ``at_least`` is less than 1.
    """
    if at_least is not None and at_least < 1:
        raise ArgumentError(f"at_least {at_least}: expected 1 or more pixels, or None for the whole picture")
    if isinstance(image, np.ndarray):
        return Image.fromarray(check_array(image))
    if isinstance(image, Image.Image):
        name = "the image given"
        if 0 in image.size:
            raise ImageArgumentError(f"{name}: {image.width} x {image.height} pixels; expected 1 x 1 or more")
        return _upright_rgb(image, name)
    if isinstance(image, bytes | bytearray | memoryview):
        name = f"picture of {len(image):,} bytes"
        return _decode(bytes(image), name, at_least)
    if not isinstance(image, str | os.PathLike):
        raise ImageArgumentError(
            f"an image is a path, bytes, a PIL image or an RGB uint8 array, not {type(image).__name__}"
        )
    return _decode(read_picture_file(image), str(image), at_least)


def read_picture_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a picture file; one that is too large, or not a file, is refused before reading.

    Raises:
        ImageError: the file is missing, is a folder or a device, cannot be read, or exceeds ``MAX_BYTES``.
    """
    return read_bounded(path, MAX_BYTES, "a JPEG, PNG or WebP picture", error=ImageError)


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What the first bytes of a picture file say, before any pixel is decoded."""

    format: str
    """JPEG, PNG or WEBP."""
    width: int
    """In pixels, as stored: EXIF orientation is not applied."""
    height: int
    """In pixels, as stored."""

    @property
    def suffix(self) -> str:
        """The usual file name ending of the format, such as ``.jpg``."""
        return {"PNG": ".png", "WEBP": ".webp"}.get(self.format, ".jpg")


def picture_header(content: bytes) -> PictureHeader:
    """The format and the size in pixels of an encoded picture, without decoding it.

    Raises:
        ImageError: another format than JPEG, PNG and WebP, or a broken header.
    """
    reader = _reader(content)
    if reader is None:
        raise ImageError(f"picture of {len(content):,} bytes: not a JPEG, PNG or WebP picture")
    try:
        with reader(io.BytesIO(content)) as opened:
            return PictureHeader(str(opened.format), *opened.size)
    except _DECODER_ERRORS as error:
        raise ImageError(f"picture of {len(content):,} bytes: broken picture: {_reason(error)}") from error


def check_array(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``array`` itself if it is an RGB picture: uint8, shape (height, width, 3), nothing empty.

    Raises:
        ImageArgumentError: it has another shape or type, which is named.
    """
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ImageArgumentError(
            f"array of shape {array.shape} and type {array.dtype}: expected RGB uint8 of shape (height, width, 3)"
        )
    return array


def _decode(content: bytes, name: str, at_least: int | None) -> Image.Image:
    if not content:
        raise ImageError(f"{name}: the file is empty")
    if len(content) > MAX_BYTES:
        raise ImageError(f"{name}: more than the {MAX_BYTES:,} bytes allowed for one picture")
    reader = _reader(content)
    if reader is None:
        raise ImageError(f"{name}: not a JPEG, PNG or WebP picture")
    try:
        opened = reader(io.BytesIO(content))
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: more than the {MAX_PIXELS:,} pixels allowed; make it smaller first") from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
    with opened:
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise ImageError(
                f"{name}: {width} x {height}, more than the {MAX_PIXELS:,} pixels allowed; make it smaller first"
            )
        try:
            if at_least is not None and at_least < (shorter := min(width, height)):
                # Rounded up in whole numbers: one pixel too few would make Pillow decode at half the size needed.
                opened.draft("RGB", (-(-width * at_least // shorter), -(-height * at_least // shorter)))
            opened.load()
        except _DECODER_ERRORS as error:
            raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
        return _upright_rgb(opened, name)


def _reader(content: bytes) -> Callable[[BinaryIO], ImageFile] | None:
    # Not Image.open: it warns of large pictures on standard error, where ours are refused with an error, and warnings
    # cannot be silenced safely while several threads run.
    if content.startswith(b"\xff\xd8\xff"):
        return JpegImageFile
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WebPImageFile
    return None


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def _upright_rgb(image: Image.Image, name: str) -> Image.Image:
    try:
        upright = ImageOps.exif_transpose(image)
    except _DECODER_ERRORS:  # broken EXIF does not make the pixels wrong
        upright = image
    try:
        if upright.mode == "RGB" and "transparency" not in upright.info:
            upright.load()
            # A decoded file's image is ours to return; one that the caller gave is copied.
            return upright.copy() if upright is image else upright
        if upright.mode.startswith("I") or upright.mode == "F":
            return _from_deep_grey(upright)
        if upright.has_transparency_data:
            layer = upright.convert("RGBA")
            white = Image.new("RGB", layer.size, (255, 255, 255))
            white.paste(layer, mask=layer.getchannel("A"))
            return white
        return upright.convert("RGB")
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error


def _from_deep_grey(image: Image.Image) -> Image.Image:
    # Pillow's own conversion clips 16-bit grey at 255 instead of scaling it.
    deep = np.asarray(image).astype(np.float64)
    if image.mode.startswith("I"):
        deep = deep / 257.0
    grey = Image.fromarray(np.clip(np.rint(deep), 0, 255).astype(np.uint8))
    return grey.convert("RGB")
