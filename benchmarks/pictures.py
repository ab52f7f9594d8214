"""What to measure on: the user's pictures, or some made from the photographs that scikit-learn ships."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageEnhance
from sklearn.datasets import load_sample_images

from whatsit import find_examples
from whatsit.imaging.picture_format import is_picture_name

T = TypeVar("T")
FOLDER_VARIABLE = "WHATSIT_BENCH_PICTURES"
COUNT = 200
PHOTOGRAPH, FRAME = 2592, 320
"""Widths in pixels: what a Raspberry Pi camera takes as a still, and the smallest frame in common use."""


def chosen_folder(argument: str | None) -> Path | None:
    """The folder named on the command line, else by the environment."""
    name = argument or os.environ.get(FOLDER_VARIABLE)
    return Path(name) if name else None


def labelled_pictures(folder: Path) -> list[str]:
    """``folder/<label>/*.jpg``, or every picture below it where there are no such folders."""
    if any(path.is_dir() for path in folder.iterdir()):
        return [str(path) for path, _ in find_examples(folder)]
    return [str(path) for path in sorted(folder.iterdir()) if is_picture_name(path.name)]


def made_pictures(folder: Path, width: int, count: int) -> list[str]:
    """Crops of two photographs, varied in place and light: JPEGs of ``width`` by 3/4 of it, in two label folders."""
    rng = np.random.default_rng(0)
    written = []
    for label, photograph in zip(("china", "flower"), load_sample_images().images, strict=True):
        source = Image.fromarray(photograph)
        (folder / label).mkdir(parents=True)
        for number in range(count // 2):
            side = int(rng.integers(200, 400))
            left, top = int(rng.integers(0, source.width - side)), int(rng.integers(0, source.height - side))
            picture = source.resize((width, width * 3 // 4), box=(left, top, left + side, top + side * 3 // 4))
            path = folder / label / f"{number:03}.jpg"
            ImageEnhance.Brightness(picture).enhance(rng.uniform(0.7, 1.3)).save(path, quality=88)
            written.append(str(path))
    return written


def evenly_sampled(items: Sequence[T], count: int) -> list[T]:
    """At most ``count``, evenly taken."""
    step = max(1, len(items) / count)
    return [items[int(number * step)] for number in range(min(count, len(items)))]
