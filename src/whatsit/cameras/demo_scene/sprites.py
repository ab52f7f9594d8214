"""The things in the demonstration scene, drawn once: mug, plant, ball, book, clock, duck."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIZE = 360
"""Side of a finished sprite in pixels."""
_FINE = 2  # drawn this much larger, then reduced, so that edges are smooth
_N = SIZE * _FINE
_Box = tuple[float, float, float, float]
_Points = list[tuple[float, float]]
_Light = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Paint:
    """A colour, one for all pixels or one per pixel, and how brightly each pixel is lit."""

    colour: NDArray[np.float32]
    light: _Light | None = None

    def within(self, box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        part = slice(top, bottom), slice(left, right)
        pixels = self.colour[part] if self.colour.ndim == 3 else self.colour
        if self.light is not None:
            pixels = pixels * self.light[part][..., np.newaxis]
        pixels = np.broadcast_to(np.clip(pixels, 0, 255), (bottom - top, right - left, 3))
        return Image.fromarray(pixels.astype(np.uint8)).convert("RGBA")


@cache
def sprite(name: str) -> Image.Image:
    """The object ``name`` on a transparent background: RGBA, ``SIZE`` by ``SIZE``, standing on the lower edge."""
    canvas = _Canvas()
    _OBJECTS[name](canvas)
    return canvas.image.resize((SIZE, SIZE), Image.Resampling.BOX)


class _Canvas:
    """Shapes with their own light and shade; all coordinates 0..1 from the upper left."""

    def __init__(self) -> None:
        self.image = Image.new("RGBA", (_N, _N))

    def ellipse(self, box: _Box, paint: _Paint) -> None:
        self._shape(lambda pen: pen.ellipse([v * _N for v in box], fill=255), paint)

    def polygon(self, points: _Points, paint: _Paint) -> None:
        self._shape(lambda pen: pen.polygon([(x * _N, y * _N) for x, y in points], fill=255), paint)

    def rounded(self, box: _Box, radius: float, paint: _Paint) -> None:
        self._shape(lambda pen: pen.rounded_rectangle([v * _N for v in box], radius=radius * _N, fill=255), paint)

    def line(self, points: _Points, width: float, paint: _Paint) -> None:
        self._shape(
            lambda pen: pen.line(
                [(x * _N, y * _N) for x, y in points], fill=255, width=round(width * _N), joint="curve"
            ),
            paint,
        )

    def ring(self, box: _Box, width: float, paint: _Paint) -> None:
        self._shape(lambda pen: pen.ellipse([v * _N for v in box], outline=255, width=round(width * _N)), paint)

    def glow(self, box: _Box, strength: float) -> None:
        """A soft highlight."""
        mask = Image.new("L", (_N, _N))
        ImageDraw.Draw(mask).ellipse([v * _N for v in box], fill=round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(_N / 60))
        light = Image.new("RGBA", (_N, _N), (255, 255, 255, 0))
        light.putalpha(Image.composite(mask, Image.new("L", (_N, _N)), self.image.getchannel("A")))
        self.image.alpha_composite(light)

    def _shape(self, draw: Callable[[Any], None], paint: _Paint) -> None:
        mask = Image.new("L", (_N, _N))
        draw(ImageDraw.Draw(mask))
        box = mask.getbbox()
        if box is not None:  # only what is drawn is painted: a small board draws the first frame in time
            self.image.paste(paint.within(box), box[:2], mask.crop(box))


_X, _Y = np.meshgrid(*[(np.arange(_N, dtype=np.float32) + 0.5) / _N] * 2)


def _flat(colour: tuple[int, int, int]) -> _Paint:
    return _Paint(np.asarray(colour, np.float32))


def _shaded(colour: tuple[int, int, int], light: _Light) -> _Paint:
    return _Paint(np.asarray(colour, np.float32), light)


def _across(left: float, right: float) -> _Light:
    """Light on an upright cylinder, lit from the upper left."""
    u = np.clip((_X - left) / (right - left), 0, 1)
    return np.asarray(0.5 + 0.6 * np.sin(np.pi * (u * 0.8 + 0.16)) ** 1.3, np.float32)


def _down(top: float, bottom: float, first: float, last: float) -> _Light:
    v = np.clip((_Y - top) / (bottom - top), 0, 1)
    return np.asarray(first + (last - first) * v, np.float32)


def _round(x: float, y: float, radius: float) -> _Light:
    """Light on a ball: Lambert's cosine with a little ambient light and a highlight."""
    u, v = (_X - x) / radius, (_Y - y) / radius
    w = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    cosine = np.clip(-0.48 * u - 0.58 * v + 0.66 * w, 0, 1)
    return np.asarray(0.42 + 0.68 * cosine + 0.5 * cosine**24, np.float32)


def _mug(c: _Canvas) -> None:
    red = (206, 42, 44)
    c.ring((0.60, 0.30, 0.95, 0.80), 0.075, _shaded(red, _across(0.5, 0.97)))
    c.ring((0.635, 0.335, 0.915, 0.765), 0.02, _shaded((150, 24, 28), _across(0.5, 0.97)))
    body = _shaded(red, _across(0.14, 0.76))
    c.rounded((0.14, 0.20, 0.76, 0.98), 0.09, body)
    c.polygon([(0.14, 0.16), (0.76, 0.16), (0.76, 0.5), (0.14, 0.5)], body)
    c.polygon(
        [(0.14, 0.60), (0.76, 0.60), (0.76, 0.70), (0.14, 0.70)],
        _shaded((248, 240, 226), _across(0.14, 0.76)),
    )
    c.ellipse((0.14, 0.06, 0.76, 0.26), _shaded((238, 92, 88), _across(0.0, 0.9)))
    c.ellipse((0.165, 0.08, 0.735, 0.245), _shaded((120, 18, 22), _down(0.08, 0.25, 0.7, 1.3)))
    c.ellipse((0.18, 0.125, 0.72, 0.243), _shaded((72, 40, 22), _down(0.12, 0.25, 0.8, 1.5)))
    c.glow((0.24, 0.30, 0.29, 0.56), 0.65)


def _plant(c: _Canvas) -> None:
    rng = np.random.default_rng(5)
    light = _down(0.05, 0.75, 1.25, 0.7)
    angles = np.concatenate([np.linspace(-78, 78, 9), np.linspace(-58, 58, 7), np.linspace(-30, 30, 4)])
    lengths = np.concatenate([np.full(9, 0.50), np.full(7, 0.44), np.full(4, 0.34)])
    for number, (angle, length) in enumerate(zip(np.radians(angles), lengths, strict=True)):
        green = (34 + 3 * number, 104 + 5 * number + int(rng.integers(-8, 8)), 44 + 2 * number)
        _leaf(c, float(angle), float(length), green, light)
    clay = (196, 104, 62)
    c.polygon([(0.28, 0.70), (0.72, 0.70), (0.65, 0.985), (0.35, 0.985)], _shaded(clay, _across(0.28, 0.72)))
    c.rounded((0.245, 0.62, 0.755, 0.735), 0.018, _shaded((210, 118, 74), _across(0.245, 0.755)))
    c.polygon(
        [(0.275, 0.735), (0.725, 0.735), (0.72, 0.755), (0.28, 0.755)],
        _shaded((120, 58, 34), _across(0.28, 0.72)),
    )


def _leaf(c: _Canvas, angle: float, length: float, colour: tuple[int, int, int], light: _Light) -> None:
    root = (0.5, 0.62)
    along = np.linspace(0, 1, 30)
    half = 0.085 * np.sin(np.pi * along**0.8) ** 0.9
    bend = 0.35 * angle * along**2
    x = root[0] + length * along * np.sin(angle + bend)
    y = root[1] - length * along * np.cos(angle + bend)
    normal = (np.cos(angle + bend), np.sin(angle + bend))
    left = list(zip((x + half * normal[0]).tolist(), (y + half * normal[1]).tolist(), strict=True))
    right = list(zip((x - half * normal[0]).tolist(), (y - half * normal[1]).tolist(), strict=True))
    middle = list(zip(x.tolist(), y.tolist(), strict=True))
    c.polygon(left + right[::-1], _shaded(colour, light))
    c.polygon(left + middle[::-1], _shaded(colour, light * 0.8))
    c.line(middle[:-3], 0.006, _shaded((150, 196, 120), light))


def _ball(c: _Canvas) -> None:
    x, y, radius = 0.5, 0.53, 0.455
    u, v = (_X - x) / radius, (_Y - y) / radius
    w = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    tilt, turn = np.radians(34), np.radians(26)
    v, w = v * np.cos(tilt) - w * np.sin(tilt), v * np.sin(tilt) + w * np.cos(tilt)
    u, v = u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)
    panel = np.floor((np.arctan2(u, w) / (2 * np.pi) + 0.5) * 8).astype(int) % 8
    white = (250, 248, 244)
    colours = np.asarray(
        [(226, 52, 48), white, (38, 104, 214), white, (250, 196, 32), white, (44, 164, 92), white], np.float32
    )
    colours = colours[panel]
    colours[np.abs(v) > 0.955] = white
    c.ellipse((x - radius, y - radius, x + radius, y + radius), _Paint(colours, _round(x, y, radius)))
    c.glow((0.27, 0.2, 0.42, 0.32), 0.7)


def _book(c: _Canvas) -> None:
    navy, gold = (34, 66, 128), (232, 190, 84)
    c.polygon(
        [(0.17, 0.05), (0.80, 0.05), (0.88, 0.10), (0.88, 0.98), (0.25, 0.98), (0.17, 0.93)],
        _flat((24, 44, 88)),
    )
    pages = [(0.20, 0.065), (0.79, 0.065), (0.86, 0.11), (0.86, 0.955), (0.25, 0.955)]
    c.polygon(pages, _shaded((240, 232, 212), _down(0.05, 0.98, 1.0, 0.86)))
    for step in np.linspace(0.79, 0.86, 6):
        c.line([(step, 0.07 + (step - 0.79) * 0.6), (step, 0.955)], 0.003, _flat((186, 176, 152)))
    c.rounded((0.12, 0.05, 0.79, 0.945), 0.02, _shaded(navy, _across(-0.3, 1.3)))
    c.polygon([(0.12, 0.07), (0.20, 0.055), (0.20, 0.94), (0.12, 0.925)], _shaded((24, 48, 98), _across(0.08, 0.26)))
    for top, right in ((0.20, 0.69), (0.275, 0.60)):
        c.rounded((0.28, top, right, top + 0.045), 0.01, _shaded(gold, _down(0.1, 0.9, 1.05, 0.9)))
    c.ring((0.30, 0.42, 0.66, 0.78), 0.02, _flat(gold))
    corners = [(0.48 + 0.15 * np.sin(a), 0.60 - 0.15 * np.cos(a)) for a in np.radians(np.arange(0, 360, 72) * 2)]
    c.polygon(corners, _flat(gold))
    c.ellipse((0.423, 0.543, 0.537, 0.657), _flat(gold))
    c.rounded((0.36, 0.84, 0.60, 0.865), 0.008, _flat(gold))


def _clock(c: _Canvas) -> None:
    for foot in (0.27, 0.73):
        c.line([(0.5, 0.6), (foot, 0.975)], 0.05, _flat((70, 72, 78)))
    for x in (0.29, 0.71):
        c.ellipse((x - 0.13, 0.03, x + 0.13, 0.25), _shaded((232, 176, 60), _round(x, 0.13, 0.14)))
    c.rounded((0.47, 0.03, 0.53, 0.2), 0.02, _shaded((150, 150, 156), _across(0.46, 0.54)))
    c.ellipse((0.10, 0.13, 0.90, 0.93), _shaded((44, 150, 150), _round(0.5, 0.53, 0.44)))
    c.ellipse((0.165, 0.195, 0.835, 0.865), _shaded((252, 250, 242), _down(0.2, 0.9, 0.9, 1.0)))
    for hour in range(12):
        angle, inner = np.radians(30 * hour), 0.25 if hour % 3 == 0 else 0.28
        ends = [(0.5 + r * np.sin(angle), 0.53 - r * np.cos(angle)) for r in (inner, 0.31)]
        c.line(ends, 0.028 if hour % 3 == 0 else 0.014, _flat((40, 42, 48)))
    for degrees, reach, width in ((-58, 0.17, 0.03), (54, 0.25, 0.022)):
        angle = np.radians(degrees)
        c.line(
            [(0.5, 0.53), (0.5 + reach * np.sin(angle), 0.53 - reach * np.cos(angle))],
            width,
            _flat((30, 32, 38)),
        )
    c.line([(0.5, 0.58), (0.5, 0.27)], 0.008, _flat((214, 40, 40)))
    c.ellipse((0.475, 0.505, 0.525, 0.555), _flat((214, 40, 40)))


def _duck(c: _Canvas) -> None:
    yellow, orange = (250, 204, 40), (240, 124, 26)
    c.polygon([(0.80, 0.66), (0.985, 0.46), (0.95, 0.80)], _shaded(yellow, _down(0.4, 0.9, 1.05, 0.75)))
    c.ellipse((0.13, 0.46, 0.94, 0.985), _shaded(yellow, _round(0.53, 0.70, 0.45)))
    c.ellipse((0.14, 0.05, 0.62, 0.56), _shaded(yellow, _round(0.38, 0.30, 0.27)))
    c.ellipse((0.46, 0.56, 0.84, 0.84), _shaded((236, 180, 22), _round(0.63, 0.66, 0.24)))
    c.ellipse((0.46, 0.53, 0.82, 0.79), _shaded((252, 212, 60), _round(0.62, 0.64, 0.24)))
    c.polygon([(0.20, 0.28), (0.02, 0.35), (0.03, 0.40), (0.22, 0.42)], _shaded(orange, _down(0.28, 0.45, 1.1, 0.8)))
    c.polygon(
        [(0.05, 0.385), (0.22, 0.38), (0.22, 0.45), (0.10, 0.43)],
        _shaded((206, 92, 14), _down(0.3, 0.5, 1, 0.9)),
    )
    c.ellipse((0.265, 0.20, 0.345, 0.30), _flat((252, 252, 250)))
    c.ellipse((0.27, 0.215, 0.33, 0.29), _flat((26, 22, 22)))
    c.ellipse((0.28, 0.225, 0.302, 0.25), _flat((255, 255, 255)))


_OBJECTS: dict[str, Callable[[_Canvas], None]] = {
    "mug": _mug,
    "plant": _plant,
    "ball": _ball,
    "book": _book,
    "clock": _clock,
    "duck": _duck,
}
NAMES = tuple(_OBJECTS)
