"""The protocol of a backbone, and the simplest thing that implements it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Preprocess


class Embedder(Protocol):
    """Pictures to embeddings: a ``Backbone``, a ``PixelEmbedder``, or anything else with these members."""

    @property
    def id(self) -> str:
        """Names the weights, the input size and the arithmetic; embeddings of different ids never mix."""

    @property
    def dim(self) -> int:
        """Floats in one embedding."""

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are prepared for it."""

    def embed_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The raw embedding, float32 of shape (dim,), of prepared pixels, uint8 of shape (height, width, channels)."""

    def embed_many(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32]]:
        """Raw embeddings of many pictures in their order, decoding and inference overlapped.

        Raises:
            ImageError: when a picture that cannot be read is reached.
        """


class PixelEmbedder:
    """A backbone without a network: the mean colours of an 8 by 8 grid, 0..1. For tests and first steps.

    It tells a red mug from a blue one and nothing subtler, in microseconds and without a model file.

    Args:
        size: input side in pixels.
    """

    def __init__(self, size: int = 64) -> None:
        self._preprocess = Preprocess(size, size)

    @property
    def id(self) -> str:
        return f"pixels@{self._preprocess.width}"

    @property
    def dim(self) -> int:
        return 192

    @property
    def preprocess(self) -> Preprocess:
        return self._preprocess

    def embed_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        grid = Image.fromarray(pixels).resize((8, 8), Image.Resampling.BOX)
        return np.asarray(grid, np.float32).reshape(-1) / np.float32(255)

    def embed_many(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32]]:
        for image in images:
            yield self.embed_pixels(self.preprocess.pixels(image))
