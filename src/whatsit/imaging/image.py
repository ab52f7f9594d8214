"""The one decoder of pictures: which formats, how large, and which way up."""

import contextlib
import os
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from whatsit.errors import ArgumentError, ImageArgumentError, ImageError
from whatsit.files import read_bounded
from whatsit.imaging.decoding import BUDGET, MAX_MEMORY, memory, orientation, webp_size
from whatsit.imaging.picture_format import FORMATS, NAMES, opened

ImageLike: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[np.uint8]
"""A path, an encoded file's bytes, a Pillow image, or an RGB uint8 array of shape (height, width, 3)."""

_Result = TypeVar("_Result")
MAX_PIXELS = 2**26
"""67 million pixels: enough for the largest camera sensors in common use, too few for a decompression bomb."""
MAX_BYTES = 2**27
"""Of an encoded picture: 128 MiB."""
_ON_THEIR_SIDE = (5, 6, 7, 8)
"""Values of EXIF's orientation where width and height change places."""
_STRIP = 2**20
_LARGE_FILE = 2**24
_WEBP_PIXEL = 16
"""Bytes that the least WebP picture takes for each pixel."""

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
            ``MAX_PIXELS`` pixels, ``MAX_BYTES`` bytes or ``decoding.MAX_MEMORY`` bytes of memory while it is decoded.
        ImageArgumentError: none of the kinds above, or an array of another shape or type.
        ArgumentError: ``at_least`` is less than 1.
    """
    return apply_to_image(image, lambda decoded: decoded, at_least=at_least)


def apply_to_image(image: ImageLike, use: Callable[[Image.Image], _Result], *, at_least: int | None = None) -> _Result:
    """What ``use`` makes of a picture decoded as by ``load_image``, whose memory counts until ``use`` has returned.

    Raises:
        ImageError: as ``load_image``; and what ``use`` raises.
    """
    if at_least is not None and at_least < 1:
        raise ArgumentError(f"at_least {at_least}: expected 1 or more pixels, or None for the whole picture")
    if isinstance(image, np.ndarray):
        return use(Image.fromarray(check_array(image)))
    if isinstance(image, Image.Image):
        name = "the image given"
        if 0 in image.size:
            raise ImageArgumentError(f"{name}: {image.width} x {image.height} pixels; expected 1 x 1 or more")
        return use(_upright_rgb(image, name))
    if isinstance(image, bytes | bytearray | memoryview):
        name = f"picture of {len(image):,} bytes"
        return _decode(bytes(image), name, at_least, use)
    if not isinstance(image, str | os.PathLike):
        raise ImageArgumentError(
            f"an image is a path, bytes, a PIL image or an RGB uint8 array, not {type(image).__name__}"
        )
    with room_for_file(image):
        return _decode(read_picture_file(image), str(image), at_least, use)


@contextlib.contextmanager
def room_for_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """While a large file is read and decoded, no other picture is decoded."""
    size = 0
    with contextlib.suppress(OSError, ValueError):  # reading it says what is wrong
        size = Path(path).stat().st_size
    with BUDGET.claimed(MAX_MEMORY) if size > _LARGE_FILE else contextlib.nullcontext():
        yield


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
        picture = _opened(content, name)
        if picture is None:
            raise ImageError(f"{name}: not a {NAMES} picture")
        with picture:
            return PictureHeader(str(picture.format), *picture.size)
    except ImageError as error:
        raise _named(error, name) from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error


def upright_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of an encoded picture as it is shown: a JPEG that says it lies on its side is turned.

    Nothing is decoded.

    Raises:
        ImageError: another format, or a broken header.
    """
    header = picture_header(content)
    picture = opened(content) if header.format == "JPEG" else None
    if picture is None:
        return header.width, header.height
    with picture:
        turned = orientation(picture) in _ON_THEIR_SIDE
    return (header.height, header.width) if turned else (header.width, header.height)


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


def _decode(content: bytes, name: str, at_least: int | None, use: Callable[[Image.Image], _Result]) -> _Result:
    if not content:
        raise ImageError(f"{name}: the file is empty")
    if len(content) > MAX_BYTES:
        raise ImageError(f"{name}: more than the {MAX_BYTES:,} bytes allowed for one picture")
    try:
        picture = _opened(content, name)
    except ImageError as error:
        raise _named(error, name) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: more than the {MAX_PIXELS:,} pixels allowed; make it smaller first") from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
    if picture is None:
        raise ImageError(f"{name}: not a {NAMES} picture")
    width, height = picture.size
    _check_pixels(width, height, name)
    try:
        if picture.format == "JPEG" and at_least is not None and at_least < (shorter := min(width, height)):
            # Rounded up in whole numbers: one pixel too few would make Pillow decode at half the size needed.
            picture.draft("RGB", (-(-width * at_least // shorter), -(-height * at_least // shorter)))
        needed = memory(picture, (width, height), len(content))
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
    if needed > MAX_MEMORY:
        raise ImageError(
            f"{name}: {width} x {height} as {picture.format} {picture.mode} needs {needed / 2**20:,.0f} MiB of "
            f"memory, more than the {MAX_MEMORY // 2**20} allowed; make it smaller first"
        )
    only = [picture]
    del picture  # its pixels are gone before the next picture may take their place
    with BUDGET.claimed(needed):
        return use(_loaded(only.pop(), name))


def _loaded(picture: ImageFile, name: str) -> Image.Image:
    try:
        picture.load()
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error
    if picture.format == "TIFF" and picture.mode == "F":
        raise ImageError(f"{name}: a TIFF of floating-point numbers; save it as 8 or 16 bit")
    return _upright_rgb(picture, name, own=True)


def _opened(content: bytes, name: str) -> ImageFile | None:
    """The header of a picture, refused before its decoder makes room for too many pixels."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP" and (size := webp_size(content)) is not None:
        _check_pixels(*size, name)
        if size[0] * size[1] * _WEBP_PIXEL > MAX_MEMORY:
            raise ImageError(
                f"{name}: {size[0]} x {size[1]} as WebP, more than the {MAX_MEMORY // _WEBP_PIXEL:,} pixels allowed; "
                "make it smaller first"
            )
    return opened(content)


def _check_pixels(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name}: {width} x {height}, more than the {MAX_PIXELS:,} pixels allowed; make it smaller first"
        )


def _named(error: ImageError, name: str) -> ImageError:
    text = str(error)
    return ImageError(text if text.startswith(name) else f"{name}: {text}")


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def _upright_rgb(image: Image.Image, name: str, *, own: bool = False) -> Image.Image:
    """``own``: the image is ours to change and return; one that the caller gave is copied."""
    try:
        upright = image
        with contextlib.suppress(*_DECODER_ERRORS):  # broken EXIF does not make the pixels wrong
            if own:
                ImageOps.exif_transpose(image, in_place=True)
            else:
                upright = ImageOps.exif_transpose(image)
        if upright.mode == "RGB" and "transparency" not in upright.info:
            upright.load()
            return upright.copy() if upright is image and not own else upright
        if upright.mode.startswith("I") or upright.mode == "F":
            return _from_deep_grey(upright)
        if upright.has_transparency_data:
            layer = upright if upright.mode == "RGBA" else upright.convert("RGBA")
            white = Image.new("RGB", layer.size, (255, 255, 255))
            white.paste(layer, mask=layer.getchannel("A"))
            return white
        return upright.convert("RGB")
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: broken picture: {_reason(error)}") from error


def _from_deep_grey(image: Image.Image) -> Image.Image:
    # Pillow's own conversion clips 16-bit grey at 255 instead of scaling it. In strips: a step takes 8 bytes per pixel.
    scale = 257.0 if image.mode.startswith("I") else 1.0
    grey = Image.new("RGB", image.size)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        deep = np.asarray(image.crop(box)).astype(np.float64) / scale
        strip = np.clip(np.rint(deep), 0, 255).astype(np.uint8)
        grey.paste(Image.fromarray(strip).convert("RGB"), box[:2])
    return grey
