"""A backbone that embeds several augmented views of each picture: what a head is trained on."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.imaging.augmentation import Augmentation
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Colour, Fit, Preprocess


class ViewEmbedder:
    """An ``Embedder`` whose embedding is the embeddings of several views, concatenated.

    One row per picture, so that an ``EmbeddingCache`` keeps the views too.

    Args:
        backbone: embeds the views.
        augmentation: makes them; without any switch on there is one view, the picture itself.
        views: per picture, itself among them.
    """

    def __init__(self, backbone: Backbone, augmentation: Augmentation, views: int) -> None:
        self._backbone, self._augmentation = backbone, augmentation
        self.views = views if augmentation else 1
        self.plain = replace(backbone.preprocess, colour=Colour.RGB)
        """How pictures are prepared before they are varied: in colour, also for a grey network."""

    @property
    def id(self) -> str:
        """The backbone's, followed by the number and kind of the views where there are several, and an unusual fit.

        A cache of one fit's embeddings must not answer for another.
        """
        views = f"+{self.views}views.1:{self._augmentation.name}" if self.views > 1 else ""
        fit = "" if self.plain.fit is Fit.COVER else f"+{self.plain.fit}"
        return f"{self._backbone.id}{views}{fit}"

    @property
    def dim(self) -> int:
        """Floats in one row: views times the backbone's."""
        return self.views * self._backbone.dim

    @property
    def preprocess(self) -> Preprocess:
        """The backbone's."""
        return self._backbone.preprocess

    def embed_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The views' embeddings, shape (dim,), of prepared RGB pixels, uint8 of shape (height, width, 3)."""
        views = self._augmentation.views(pixels, self.views)
        return np.concatenate([self._backbone.embed(view) for view in views])

    def embed_many(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32]]:
        """One row per picture, in order; views are made here while other threads run the network.

        Raises:
            ImageError: when a picture that cannot be read is reached.
        """
        pixels = (view for image in images for view in self._augmentation.views(self.plain.pixels(image), self.views))
        rows = self._backbone.embed_many(pixels)
        for first in rows:
            yield np.concatenate([first, *(next(rows) for _ in range(self.views - 1))])
