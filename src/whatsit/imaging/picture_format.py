"""The formats of picture files: told by their first bytes, whatever a file is called, and read by one decoder each."""

import io
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from whatsit.errors import ImageError
from whatsit.plugins import EXTRAS

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

HEAD = 256
"""Bytes of a file that tell its format."""
# Camera raw files begin as TIFF files do; what a TIFF decoder finds in them is a thumbnail at best.
RAW_SUFFIXES = frozenset({".dng", ".nef", ".nrw", ".cr2", ".arw", ".orf", ".pef", ".rw2", ".sr2", ".srw", ".raw"})
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """A format that can be read."""

    name: str
    """As in Pillow: JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF or HEIF."""
    suffixes: tuple[str, ...]
    """File name endings in lower case, the usual one first."""
    begins: Callable[[bytes], bool]
    """True for the first ``HEAD`` bytes of such a file."""
    open: "Callable[[BinaryIO], ImageFile]"
    """Reads the header. Not ``Image.open``: it warns of large pictures on standard error, where ours are refused with
    an error, and warnings cannot be silenced safely while several threads run."""


def _brands(head: bytes) -> set[bytes]:
    """The brands of an ISO base media file (ISO/IEC 14496-12, 4.3): AVIF and HEIF are such files."""
    if head[4:8] != b"ftyp":
        return set()
    size = min(len(head), int.from_bytes(head[:4], "big"))
    return {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}


def _is_heif(head: bytes) -> bool:
    return bool(_brands(head) & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def _pillow(plugin: str) -> "Callable[[BinaryIO], ImageFile]":
    """Pillow's decoder of one format, imported when the first such file is read."""

    def open_(stream: BinaryIO) -> "ImageFile":
        opened: ImageFile = getattr(import_module(f"PIL.{plugin}ImagePlugin"), f"{plugin}ImageFile")(stream)
        return opened

    return open_


def _open_avif(stream: BinaryIO) -> "ImageFile":
    from PIL import features

    if not features.check("avif"):
        raise ImageError("an AVIF picture, and this Pillow was built without AVIF; save it as JPEG")
    return _pillow("Avif")(stream)


def _open_heif(stream: BinaryIO) -> "ImageFile":
    extra = EXTRAS["heif"]
    if not extra.installed:
        raise ImageError(f"a HEIC picture, which needs {extra.name}: {extra.command}; or save it as JPEG")
    from pillow_heif import HeifImageFile

    opened: ImageFile = HeifImageFile(stream)
    return opened


FORMATS = (
    PictureFormat(
        "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), lambda h: h.startswith(b"\xff\xd8\xff"), _pillow("Jpeg")
    ),
    PictureFormat("PNG", (".png",), lambda h: h.startswith(b"\x89PNG\r\n\x1a\n"), _pillow("Png")),
    PictureFormat("WEBP", (".webp",), lambda h: h[:4] == b"RIFF" and h[8:12] == b"WEBP", _pillow("WebP")),
    PictureFormat("GIF", (".gif",), lambda h: h.startswith((b"GIF87a", b"GIF89a")), _pillow("Gif")),
    PictureFormat(
        "BMP",
        (".bmp",),
        lambda h: h[:2] == b"BM" and int.from_bytes(h[14:18], "little") in _BMP_HEADERS,
        _pillow("Bmp"),
    ),
    PictureFormat(
        "TIFF", (".tif", ".tiff"), lambda h: h[:4] in (b"II*\0", b"MM\0*") and h[8:10] != b"CR", _pillow("Tiff")
    ),
    PictureFormat("AVIF", (".avif",), lambda h: bool(_brands(h) & {b"avif", b"avis"}), _open_avif),
    PictureFormat("HEIF", (".heic", ".heif"), _is_heif, _open_heif),
)
"""Every format, in the order in which files are compared with them."""
SUFFIXES = frozenset(suffix for one in FORMATS for suffix in one.suffixes)
"""File name endings of pictures, in lower case."""
NAMES = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
"""The formats as an error names them."""


def format_of(head: bytes) -> PictureFormat | None:
    """The format of a file that begins with ``head``; None for other files."""
    return next((one for one in FORMATS if one.begins(head[:HEAD])), None)


def same_format(ending: str, suffix: str) -> bool:
    """True for two endings of one format, such as ``.JPEG`` and ``.jpg``."""
    ending, suffix = ending.lower(), suffix.lower()
    return ending == suffix or any(ending in one.suffixes and suffix in one.suffixes for one in FORMATS)


def is_picture_name(name: str) -> bool:
    """True where the ending of the name is that of a format that can be read."""
    return posixpath.splitext(name)[1].lower() in SUFFIXES


def opened(content: bytes) -> "ImageFile | None":
    """The header of an encoded picture, read by its format's decoder; None for other files.

    Raises:
        ImageError: the format needs something that is not installed.
        Exception: whatever Pillow raises for a broken header.
    """
    one = format_of(content)
    return None if one is None else one.open(io.BytesIO(content))
