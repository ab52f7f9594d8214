"""A backbone that looks at several views of each picture: what a head is trained on."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.imaging.augmentation import Augmentation
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Preprocess


class ViewEmbedder:
    """An ``embedder.Embedder`` whose embedding is those of ``views`` views, one after the other.

    One row a picture, so that what keeps embeddings by picture keeps the views too.
    """

    def __init__(self, backbone: Backbone, augmentation: Augmentation, views: int) -> None:
        self._backbone, self._augmentation = backbone, augmentation
        self.views = views if augmentation else 1
        wide = backbone.preprocess
        self._plain = Preprocess(wide.width, wide.height, wide.fit)

    @property
    def id(self) -> str:
        """The backbone's, with the views where there is more than the picture itself."""
        views = f"+{self.views}views.1:{self._augmentation.name}" if self.views > 1 else ""
        return f"{self._backbone.id}{views}"

    @property
    def dim(self) -> int:
        """Floats in one row: views times the backbone's."""
        return self.views * self._backbone.dim

    @property
    def preprocess(self) -> Preprocess:
        """The backbone's."""
        return self._backbone.preprocess

    def embed_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The views of prepared RGB pixels, shape (height, width, 3) to (dim,)."""
        views = self._augmentation.views(pixels, self.views)
        return np.concatenate([self._backbone.embed(view) for view in views])

    def embed_many(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32]]:
        """One row a picture, order kept; views are made here while other threads run the network.

        Raises:
            ImageError: at the place of a picture that cannot be read.
        """
        pixels = (view for image in images for view in self._augmentation.views(self._plain.pixels(image), self.views))
        rows = self._backbone.embed_many(pixels)
        for first in rows:
            yield np.concatenate([first, *(next(rows) for _ in range(self.views - 1))])
