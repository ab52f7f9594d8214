"""The demonstration scene: what stands where, in which light. A pure function of a seed and a frame's number."""

from dataclasses import dataclass
from functools import cache
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from whatsit.cameras.demo_scene.backdrops import COUNT, backdrop
from whatsit.cameras.demo_scene.sprites import SIZE, sprite

EMPTY = "empty"
"""The label of a frame with nothing in it."""
OBJECTS = ("mug", "plant", "ball", "book", "clock", "duck")
_MARGIN = 1.12  # the place is drawn larger than the picture, so that the camera can sway
_PLACE_FRAMES = 48
_FADE_FRAMES = 8
_MOVE_FRAMES = 6


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene by its seed: frame ``n`` is the same in every run and in any order.

    Each of ``objects`` stays for ``dwell`` frames and slides in and out; ``EMPTY`` is the place alone.
    """

    seed: int = 0
    width: int = 640
    height: int = 480
    objects: tuple[str, ...] = (*OBJECTS[:3], EMPTY, *OBJECTS[3:], EMPTY)
    dwell: int = 90

    def truth(self, number: int) -> str | None:
        """What frame ``number`` shows: an object, ``EMPTY``, or None while something is sliding in or out."""
        name, step = self._turn(number)
        if name == EMPTY or len(self.objects) == 1:
            return name
        return name if _MOVE_FRAMES <= step < self.dwell - _MOVE_FRAMES else None

    def render(self, number: int) -> NDArray[np.uint8]:
        """Frame ``number``: RGB uint8, shape (height, width, 3)."""
        name, step = self._turn(number)
        picture = self._place(number)
        if name != EMPTY:
            aside = 0.0 if len(self.objects) == 1 else _slide(step, self.dwell)
            self._stand(picture, name, number, aside)
        return self._lit(picture, number)

    def _turn(self, number: int) -> tuple[str, int]:
        turn, step = divmod(number, self.dwell)
        return self.objects[turn % len(self.objects)], step

    def _wave(self, channel: int, number: int, period: float) -> float:
        """A smooth motion, -1..1, different for every seed and channel."""
        phase = np.random.default_rng((self.seed, channel)).uniform(0, 2, 2) * pi
        slow = sin(2 * pi * number / period + phase[0])
        fast = sin(2 * pi * number / (period * 0.37) + phase[1])
        return 0.72 * slow + 0.28 * fast

    def _place(self, number: int) -> Image.Image:
        turn, step = divmod(number, _PLACE_FRAMES)
        size = round(self.width * _MARGIN), round(self.height * _MARGIN)
        picture = backdrop(self._place_number(turn), *size)
        if step < _FADE_FRAMES and turn > 0:
            before = backdrop(self._place_number(turn - 1), *size)
            picture = Image.blend(before, picture, (step + 1) / (_FADE_FRAMES + 1))
        spare_x, spare_y = size[0] - self.width, size[1] - self.height
        left = round(spare_x * (0.5 + 0.5 * self._wave(1, number, 170)))
        top = round(spare_y * (0.5 + 0.5 * self._wave(2, number, 230)))
        return picture.crop((left, top, left + self.width, top + self.height))

    def _place_number(self, turn: int) -> int:
        # Every place once before any comes again, in an order of the seed's own.
        lap, place = divmod(turn, COUNT)
        order = np.random.default_rng((self.seed, 99, lap % 7)).permutation(COUNT)
        return int(order[place])

    def _stand(self, picture: Image.Image, name: str, number: int, aside: float) -> None:
        scale = 0.80 + 0.13 * self._wave(3, number, 130)
        side = scale * self.height
        turn = 0.90 + 0.10 * cos(2 * pi * number / 75)  # seen a little from the side, then from the front
        lean = (360 * number / 150 if name == "ball" else 14 * self._wave(4, number, 95)) * pi / 180
        x = self.width * (0.5 + 0.07 * self._wave(5, number, 110) + aside)
        y = self.height * (0.50 + 0.035 * self._wave(6, number, 90))
        self._shadow(picture, x, y + side * 0.47, side)
        thing = sprite(name)
        wide, high = round(side * turn * 1.25), round(side * 1.25)
        # Output pixel to sprite pixel: undo the place, the lean, the turn and the scale.
        zoom = SIZE / side
        a, b = cos(lean) * zoom / turn, sin(lean) * zoom / turn
        d, e = -sin(lean) * zoom, cos(lean) * zoom
        c = SIZE / 2 - a * wide / 2 - b * high / 2
        f = SIZE / 2 - d * wide / 2 - e * high / 2
        moved = thing.transform((wide, high), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR)
        picture.paste(moved, (round(x - wide / 2), round(y - high / 2)), moved)

    def _shadow(self, picture: Image.Image, x: float, y: float, side: float) -> None:
        width, height = round(side * 0.95), round(side * 0.22)
        mask = _blot().resize((width, height), Image.Resampling.BILINEAR)
        picture.paste((22, 18, 24), (round(x - width * 0.46), round(y - height * 0.5)), mask)

    def _lit(self, picture: Image.Image, number: int) -> NDArray[np.uint8]:
        brightness = 0.98 + 0.17 * self._wave(7, number, 200)
        warmth = 0.07 * self._wave(8, number, 260)
        channels = [brightness * (1 + warmth), brightness, brightness * (1 - warmth)]
        picture = picture.point([min(255, round(v * gain)) for gain in channels for v in range(256)])
        # A pool of light that wanders: one large map, cut where the lamp is.
        lamp = _lamp(self.width, self.height)
        left = round(self.width * (0.5 + 0.45 * self._wave(9, number, 190)))
        top = round(self.height * (0.5 + 0.45 * self._wave(10, number, 240)))
        picture = ImageChops.multiply(picture, lamp.crop((left, top, left + self.width, top + self.height)))
        grain = _grain(self.width, self.height, number % 5)
        return np.asarray(ImageChops.add(picture, grain, 1, -10))


def _slide(step: int, dwell: int) -> float:
    """How far from the middle, in picture widths, an object is that comes in on the right and leaves on the left."""
    if step < _MOVE_FRAMES:
        return float(0.95 * (1 - (step + 1) / (_MOVE_FRAMES + 1)) ** 2)
    left = dwell - step
    return float(-0.95 * (1 - left / (_MOVE_FRAMES + 1)) ** 2) if left <= _MOVE_FRAMES else 0.0


@cache
def _blot() -> Image.Image:
    x, y = np.meshgrid(np.linspace(-1, 1, 128), np.linspace(-1, 1, 64))
    soft = np.clip(1 - np.hypot(x, y), 0, 1) ** 1.2
    return Image.fromarray((soft * 190).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))


@cache
def _lamp(width: int, height: int) -> Image.Image:
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 0.66 + 0.34 * np.exp(-(x * x + y * y) / 0.5)
    small = Image.fromarray((light * 255).astype(np.uint8))
    return Image.merge("RGB", [small.resize((width * 2, height * 2), Image.Resampling.BILINEAR)] * 3)


@cache
def _grain(width: int, height: int, index: int) -> Image.Image:
    noise = np.random.default_rng((7, index)).normal(10, 2.4, (height, width, 3))
    return Image.fromarray(np.clip(np.rint(noise), 0, 20).astype(np.uint8))
