"""What is planted in a dataset to be found again: wrong labels and near-copies."""

import io
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def swapped(labels: Sequence[str], share: float, seed: int) -> list[str]:
    """The labels, a ``share`` of them exchanged for any other."""
    names = sorted(set(labels))
    chance = np.random.default_rng(seed)
    wrong = set(chance.choice(len(labels), round(share * len(labels)), replace=False).tolist())
    return [
        str(chance.choice([name for name in names if name != label])) if at in wrong else label
        for at, label in enumerate(labels)
    ]


def near_copies(files: Sequence[Path], count: int, seed: int = 11) -> list[tuple[Path, bytes]]:
    """``count`` of the pictures with a copy: encoded again, every third made smaller, every third cut at its edges."""
    chance = random.Random(seed)
    return [(file, _near_copy(file, number, chance)) for number, file in enumerate(chance.sample(list(files), count))]


def _near_copy(file: Path, number: int, chance: random.Random) -> bytes:
    picture = Image.open(file).convert("RGB")
    width, height = picture.size
    if number % 3 == 1:
        scale = chance.uniform(0.3, 0.9)
        picture = picture.resize((int(width * scale), int(height * scale)))
    if number % 3 == 2:
        left, top, right, bottom = (chance.uniform(0.01, 0.05) for _ in range(4))
        picture = picture.crop(
            (int(left * width), int(top * height), width - int(right * width), height - int(bottom * height))
        )
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=chance.randint(30, 85))
    return stream.getvalue()
