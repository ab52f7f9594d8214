"""Pictures drawn for tests: cheap, different from each other where that is wanted, and encoded for real."""

import io

import numpy as np
from PIL import Image

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (50, 60, 210), "yellow": (220, 210, 60)}


def drawn(seed: int, colour: tuple[int, int, int] = (120, 120, 120), size: tuple[int, int] = (48, 36)) -> Image.Image:
    """Blobs on a ground of about ``colour``; another seed is another picture."""
    random = np.random.default_rng(seed)
    small = random.normal(0, 45, (max(6, size[1] // 12), max(8, size[0] // 12), 3)) + np.array(colour)
    ground = Image.fromarray(np.clip(small, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    grain = random.normal(0, 3, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(ground) + grain, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The bytes of a file."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def jpeg(seed: int, colour: tuple[int, int, int] = (120, 120, 120), size: tuple[int, int] = (48, 36)) -> bytes:
    """A small JPEG file."""
    return encoded(drawn(seed, colour, size))


def fill(folder, labels=("cat", "dog"), each=6, start=0):
    """``folder/<label>/<n>.jpg``, all different."""
    for place, label in enumerate(labels):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            (folder / label / f"{number:03d}.jpg").write_bytes(jpeg(start + 1000 * place + number))


def tree(folder):
    """Every file below ``folder``: path to bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
