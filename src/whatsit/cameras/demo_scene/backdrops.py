"""The places of the demonstration scene: five rooms with a surface for things to stand on."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

COUNT = 5
HORIZON = 0.66
"""Where the wall meets the surface, as a fraction of the height."""
_Colour = tuple[int, int, int]


@cache
def backdrop(index: int, width: int, height: int) -> Image.Image:
    """Place ``index`` (0 to ``COUNT`` - 1) with nothing in it: RGB, ``width`` by ``height`` pixels."""
    return _PLACES[index](width, height)


def _gradient(width: int, height: int, first: _Colour, last: _Colour) -> NDArray[np.float32]:
    share = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
    row = np.asarray(first, np.float32) * (1 - share) + np.asarray(last, np.float32) * share
    return np.repeat(row, width, axis=1)


def _room(width: int, height: int, wall: tuple[_Colour, _Colour], floor: tuple[_Colour, _Colour]) -> Image.Image:
    horizon = round(height * HORIZON)
    pixels = np.concatenate([_gradient(width, horizon, *wall), _gradient(width, height - horizon, *floor)], axis=0)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _wood(image: Image.Image, strength: float, seed: int) -> None:
    """Long grain over the surface, wider apart towards the viewer."""
    width, height = image.size
    horizon = round(height * HORIZON)
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 1, ((height - horizon) // 3 + 2, width // 24 + 2)).astype(np.float32)
    spread = Image.fromarray(grain).resize((width, height - horizon), Image.Resampling.BICUBIC)
    pixels = np.array(image).astype(np.float32)
    pixels[horizon:] *= 1 + strength * np.asarray(spread)[..., np.newaxis]
    image.paste(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def _soft(image: Image.Image, share: float) -> Image.Image:
    """Out of focus, as the background of a photographed object."""
    return image.filter(ImageFilter.GaussianBlur(image.height * share))


def _desk(width: int, height: int) -> Image.Image:
    image = _room(width, height, ((238, 228, 210), (222, 206, 182)), ((150, 100, 62), (186, 132, 84)))
    _wood(image, 0.06, 1)
    pen = ImageDraw.Draw(image)
    frame = (0.62 * width, -0.1 * height, 0.95 * width, 0.44 * height)
    pen.rectangle(frame, fill=(248, 246, 240))
    pen.rectangle((0.64 * width, 0, 0.93 * width, 0.42 * height), fill=(176, 212, 236))
    pen.ellipse((0.62 * width, 0.24 * height, 0.82 * width, 0.6 * height), fill=(150, 190, 150))
    pen.rectangle((0.64 * width, 0.42 * height, 0.93 * width, 0.45 * height), fill=(236, 230, 220))
    pen.rectangle((0.62 * width, 0.45 * height, 0.95 * width, HORIZON * height), fill=(225, 210, 187))
    pen.rectangle((0.78 * width, 0, 0.795 * width, 0.42 * height), fill=(248, 246, 240))
    return _soft(image, 0.006)


def _kitchen(width: int, height: int) -> Image.Image:
    image = _room(width, height, ((204, 222, 222), (186, 208, 210)), ((108, 112, 118), (146, 150, 154)))
    pen = ImageDraw.Draw(image)
    side = height / 8
    rng = np.random.default_rng(2)
    for row in range(6):
        for column in range(-1, int(width / side) + 1):
            left, top = (column + (row % 2) / 2) * side, row * side - side * 0.7
            bright = int(rng.integers(-9, 10))
            colour = (206 + bright, 226 + bright, 226 + bright)
            bottom = min(top + side * 0.95, height * HORIZON - 2)
            if bottom > top:
                pen.rectangle((left, top, left + side * 0.95, bottom), fill=colour)
    _wood(image, 0.025, 3)
    return _soft(image, 0.005)


def _workshop(width: int, height: int) -> Image.Image:
    image = _room(width, height, ((92, 104, 122), (72, 82, 98)), ((72, 58, 46), (104, 84, 66)))
    pen = ImageDraw.Draw(image)
    step = height / 16
    for row in range(1, 10):
        for column in range(int(width / step) + 1):
            x, y = column * step, row * step
            pen.ellipse((x, y, x + step * 0.2, y + step * 0.2), fill=(46, 54, 66))
    _wood(image, 0.09, 4)
    return _soft(image, 0.004)


def _studio(width: int, height: int) -> Image.Image:
    image = _room(width, height, ((196, 206, 224), (226, 230, 238)), ((226, 230, 238), (188, 196, 212)))
    return _soft(image, 0.04)


def _garden(width: int, height: int) -> Image.Image:
    image = _room(width, height, ((184, 214, 196), (120, 164, 110)), ((186, 178, 166), (212, 204, 190)))
    rng = np.random.default_rng(6)
    layer = Image.new("RGB", image.size, (140, 180, 130))
    mask = Image.new("L", image.size)
    for _ in range(46):
        x, y = rng.uniform(0, width), rng.uniform(-0.05, HORIZON - 0.08) * height
        radius = rng.uniform(0.02, 0.075) * height
        shade = rng.uniform(0, 1)
        colour = (round(120 + 110 * shade), round(176 + 60 * shade), round(104 + 70 * shade))
        box = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(layer).ellipse(box, fill=colour)
        ImageDraw.Draw(mask).ellipse(box, fill=150)
    image.paste(layer, mask=mask.filter(ImageFilter.GaussianBlur(2)))
    pixels = np.array(_soft(image, 0.012))
    ledge = np.array(_room(width, height, ((0, 0, 0), (0, 0, 0)), ((186, 178, 166), (214, 206, 192))))
    horizon = round(height * HORIZON)
    pixels[horizon:] = ledge[horizon:]
    image = Image.fromarray(pixels)
    _wood(image, 0.03, 7)
    return _soft(image, 0.003)


_PLACES = (_desk, _kitchen, _workshop, _studio, _garden)
