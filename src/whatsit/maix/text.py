"""Text on pictures: fonts, sizes and lines."""

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from PIL import ImageFont

from whatsit.errors import ArgumentError
from whatsit.maix.err import Err
from whatsit.teaching.maixpy_types import Size

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

_PIXELS = 16
"""Height of the letters at scale 1."""
_MOST_PIXELS = 512
_files: dict[str, tuple[str, int]] = {}
"""Fonts by name: the file, and the pixels at scale 1."""
_default = ""


@dataclass(frozen=True, slots=True)
class Laid:
    """Text in lines."""

    lines: tuple[str, ...]
    font: Font
    height: int
    """Of a line, in pixels."""
    stroke: int
    """Pixels that letters are thickened by."""


def load_font(name: str, path: str, size: int = _PIXELS) -> Err:
    """Make a font file known by a name, with letters of ``size`` pixels at scale 1.

    Returns:
        ERR_NONE, or ERR_NOT_FOUND where it is no font file.
    """
    try:
        ImageFont.truetype(path, size)
    except OSError:
        return Err.ERR_NOT_FOUND
    _files[name] = (path, size)
    return Err.ERR_NONE


def set_default_font(name: str) -> Err:
    """Write with this font where none is named; ERR_NOT_FOUND where it was not loaded."""
    global _default
    if name and name not in _files:
        return Err.ERR_NOT_FOUND
    _default = name
    return Err.ERR_NONE


def string_size(string: str, scale: float = 1, thickness: int = 1, font: str = "") -> Size:
    """Width and height of a text in pixels, its lines as they are."""
    laid = lay_out(string, scale, thickness, font, None)
    widths = [_length(laid.font, line) + 2 * laid.stroke for line in laid.lines]
    return Size(max(widths), laid.height * len(laid.lines))


def lay_out(text: str, scale: float, thickness: int, font: str, room: int | None) -> Laid:
    """Text in lines of at most ``room`` pixels; None: only where it has line ends.

    Raises:
        ArgumentError: a font that was not loaded.
    """
    name = font or _default
    if name and name not in _files:
        raise ArgumentError(f"font {name!r}: not loaded; call image.load_font first")
    path, size = _files.get(name, ("", _PIXELS))
    drawn = _font(path, round(min(max(size * scale, 6), _MOST_PIXELS)))
    stroke = max(0, (thickness - 1) // 2)
    ascent, descent = drawn.getmetrics() if isinstance(drawn, ImageFont.FreeTypeFont) else (_PIXELS, 0)
    lines = [part for line in text.split("\n") for part in _wrapped(line, drawn, room)]
    return Laid(tuple(lines), drawn, ascent + descent + 2 * stroke, stroke)


def _wrapped(line: str, font: Font, room: int | None) -> list[str]:
    if room is None or _length(font, line) <= room:
        return [line]
    parts, part = [], ""
    for letter in line:
        if part and _length(font, part + letter) > room:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


def _length(font: Font, text: str) -> int:
    return round(font.getlength(text))


@cache
def _font(path: str, pixels: int) -> Font:
    return ImageFont.truetype(path, pixels) if path else ImageFont.load_default(pixels)
