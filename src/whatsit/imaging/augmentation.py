"""Augmentation: variations of a training picture, each a named switch, the same for the same picture every time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ENLARGE = 1.2
"""Largest zoom."""
BRIGHTNESS = 0.2
"""Largest change, as a share of the full range."""
CONTRAST = 0.2
"""Largest change of the gain."""
ROTATION = 10.0
"""Largest angle, in degrees."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What can vary. The default varies what Edge Impulse's image block does: flip, zoom and crop, brightness.

    A frozen training embeds a fixed number of views of each picture once; Edge Impulse draws new ones in every epoch.
    """

    flip: bool = True
    """Mirror left and right, for half of the views. Switch it off where left and right differ, as in writing."""
    zoom: bool = True
    """Enlarge up to ``ENLARGE`` times and crop to the old size at a random place."""
    brightness: bool = True
    """Add or subtract up to ``BRIGHTNESS`` of the full range."""
    contrast: bool = False
    """Stretch or flatten around the mean by up to ``CONTRAST``."""
    rotate: bool = False
    """Rotate by up to ``ROTATION`` degrees, corners filled from the nearest edge."""
    grey: bool = False
    """Remove the colour of one view in four, on average."""

    def __bool__(self) -> bool:
        return any((self.flip, self.zoom, self.brightness, self.contrast, self.rotate, self.grey))

    @property
    def name(self) -> str:
        """The switches that are on, such as ``flip+zoom``; part of the ids of cached embeddings."""
        return "+".join(switch for switch in self.__slots__ if getattr(self, switch)) or "none"

    def views(self, picture: Picture, count: int) -> Iterator[Picture]:
        """The picture itself, its mirror image if ``flip`` is on, then varied ones.

        The random numbers are seeded by the picture's pixels, so the views are the same on every run and can be cached.

        Args:
            picture: uint8, shape (height, width, 3), as the network will see it.
            count: how many views in all; only the first without any switch on.

        Returns:
            Views of the shape and type of ``picture``.
        """
        digest = hashlib.sha256(picture.tobytes()).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        for number in range(count if self else 1):
            mirrored = self.flip and number % 2 == 1
            view = picture[:, ::-1] if mirrored else picture
            varied = number >= (2 if self.flip else 1)
            yield np.ascontiguousarray(self._varied(view, random) if varied else view)

    def _varied(self, picture: Picture, random: np.random.Generator) -> Picture:
        image = Image.fromarray(np.ascontiguousarray(picture))
        if self.rotate:
            image = _rotated(image, float(random.uniform(-ROTATION, ROTATION)))
        if self.zoom:
            width, height = image.size
            scale = 1 / random.uniform(1, ENLARGE)
            left, top = random.uniform(0, 1 - scale, 2)
            box = (left * width, top * height, (left + scale) * width, (top + scale) * height)
            image = image.resize(image.size, Image.Resampling.BICUBIC, box=box)
        if self.grey and random.random() < 0.25:
            image = image.convert("L").convert("RGB")
        gain = random.uniform(1 - CONTRAST, 1 + CONTRAST) if self.contrast else 1.0
        shift = random.uniform(-BRIGHTNESS, BRIGHTNESS) * 255 if self.brightness else 0.0
        array = np.asarray(image)
        if gain == 1.0 and shift == 0.0:
            return array
        mean = array.mean() if gain != 1.0 else 0.0
        varied = (np.arange(256) - mean) * gain + mean + shift
        table = np.asarray(np.clip(np.rint(varied), 0, 255), np.uint8)
        return np.asarray(np.take(table, array), np.uint8)


NO_AUGMENTATION = Augmentation(flip=False, zoom=False, brightness=False)
"""The picture as it is."""


def _rotated(image: Image.Image, degrees: float) -> Image.Image:
    margin = max(image.size) // 4
    wide = np.pad(np.asarray(image), ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    turned = Image.fromarray(wide).rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((margin, margin, margin + image.width, margin + image.height))
