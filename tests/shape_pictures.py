"""Pictures of coloured shapes, made on the spot: easy enough for the smallest network, different enough to be many."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"brick": (190, 60, 40), "leaf": (50, 150, 60), "sky": (70, 110, 210), "sand": (210, 190, 120)}


def shape(label: str, number: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A square (brick, sky) or a disc (leaf, sand) of the label's colour, somewhere on a grey ground."""
    random = np.random.default_rng([sorted(COLOURS).index(label), number])
    ground = tuple(int(value) for value in random.integers(90, 150, 3))
    picture = Image.new("RGB", size, ground)
    side = int(random.integers(28, 44))
    left, top = (int(random.integers(4, limit - side - 4)) for limit in size)
    box = (left, top, left + side, top + side)
    draw = ImageDraw.Draw(picture)
    (draw.rectangle if label in ("brick", "sky") else draw.ellipse)(box, fill=COLOURS[label])
    return picture


def write_shapes(folder: Path, labels: tuple[str, ...], count: int, first: int = 0) -> list[tuple[Path, str]]:
    """``count`` pictures a label in ``folder/<label>/``, with their labels."""
    found = []
    for label in labels:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            path = folder / label / f"{label}-{number:03}.png"
            shape(label, number).save(path)
            found.append((path, label))
    return found
