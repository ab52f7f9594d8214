"""The one decoder of pictures: which formats, how large, and which way up."""

import os
import struct
import warnings
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from whatsit.errors import ArgumentError, ImageArgumentError, ImageError
from whatsit.files import read_bounded
from whatsit.imaging.picture_format import FORMATS, NAMES, opened

ImageLike: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[np.uint8]
"""A path, an encoded file's bytes, a Pillow image, or an RGB uint8 array of shape (height, width, 3)."""

MAX_PIXELS = 2**26
"""67 million pixels: enough for the largest camera sensors in common use, too few for a decompression bomb."""
MAX_BYTES = 2**27
"""Of an encoded picture: 128 MiB."""

# What Pillow's decoders raise on damaged files, besides OSError; Warning where the program makes errors of warnings.
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    ZeroDivisionError, RuntimeError, EOFError, MemoryError, struct.error, Image.DecompressionBombError, Warning,
)  # fmt: skip

# Broken EXIF is ignored, see _upright_rgb; Pillow's warning about it would only hide the answer.
warnings.filterwarnings("ignore", r".*[Cc]orrupt EXIF data|Truncated File Read", UserWarning, r"PIL\.")
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")


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
        ImageError: missing, empty, broken or truncated files, other formats than ``picture_format.FORMATS``, more than
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
    return read_bounded(path, MAX_BYTES, f"a {NAMES} picture", error=ImageError)


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What the first bytes of a picture file say, before any pixel is decoded."""

    format: str
    """The name of one of ``picture_format.FORMATS``, such as ``JPEG``."""
    width: int
    """In pixels, as stored: EXIF orientation is not applied."""
    height: int
    """In pixels, as stored."""

    @property
    def suffix(self) -> str:
        """The usual file name ending of the format, such as ``.jpg``."""
        return next(one.suffixes[0] for one in FORMATS if one.name == self.format)


def picture_header(content: bytes) -> PictureHeader:
    """The format and the size in pixels of an encoded picture, without decoding it.

    Raises:
        ImageError: another format, or a broken header.
    """
    name = f"picture of {len(content):,} bytes"
    try:
        picture = opened(content)
        if picture is None:
            raise ImageError(f"{name}: not a {NAMES} picture")
        with picture:
            return PictureHeader(str(picture.format), *picture.size)
    except ImageError as error:
        raise _named(error, name) from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error


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
    try:
        picture = opened(content)
    except ImageError as error:
        raise _named(error, name) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: more than the {MAX_PIXELS:,} pixels allowed; make it smaller first") from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
    if picture is None:
        raise ImageError(f"{name}: not a {NAMES} picture")
    with picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise ImageError(
                f"{name}: {width} x {height}, more than the {MAX_PIXELS:,} pixels allowed; make it smaller first"
            )
        try:
            if picture.format == "JPEG" and at_least is not None and at_least < (shorter := min(width, height)):
                # Rounded up in whole numbers: one pixel too few would make Pillow decode at half the size needed.
                picture.draft("RGB", (-(-width * at_least // shorter), -(-height * at_least // shorter)))
            picture.load()
        except _DECODER_ERRORS as error:
            raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
        if picture.format == "TIFF" and picture.mode == "F":
            raise ImageError(f"{name}: a TIFF of floating-point numbers; save it as 8 or 16 bit")
        return _upright_rgb(picture, name)


def _named(error: ImageError, name: str) -> ImageError:
    text = str(error)
    return ImageError(text if text.startswith(name) else f"{name}: {text}")


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
