"""The training pictures most like another picture, which may explain what a model says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.errors import ImageError
from whatsit.heads.unknown import normalised
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Preprocess
from whatsit.models.taught_model import evenly_sampled
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.training.events import OnEvent, Phase, ignore

MOST_COMPARED = 4000
"""At most this many training pictures are compared; larger sets are sampled evenly."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training picture and its distance, 0..2 between L2-normalised embeddings."""

    picture: ImageLike
    label: str
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class TaughtPictures:
    """Training pictures with their labels and their L2-normalised embeddings, shape (pictures, dim)."""

    examples: tuple[tuple[ImageLike, str], ...]
    unit: NDArray[np.float32]

    def nearest(self, embedding: NDArray[np.float32], count: int) -> tuple[Neighbour, ...]:
        """The ``count`` nearest to a raw embedding, shape (dim,), nearest first."""
        unit = normalised(embedding)
        return self._neighbours(unit, self._order(unit)[:count])

    def nearest_of(
        self, embedding: NDArray[np.float32], count: int, labels: Sequence[str]
    ) -> list[tuple[Neighbour, ...]]:
        """The same of each of ``labels``."""
        unit = normalised(embedding)
        order = self._order(unit)
        return [
            self._neighbours(unit, list(islice((i for i in order if self.examples[i][1] == label), count)))
            for label in labels
        ]

    def _order(self, unit: NDArray[np.float32]) -> list[int]:
        # Of unit vectors the nearest has the largest product, which needs no copy of all of them.
        order: list[int] = np.argsort(-(self.unit @ unit), kind="stable").tolist()
        return order

    def _neighbours(self, unit: NDArray[np.float32], places: Sequence[int]) -> tuple[Neighbour, ...]:
        away = ((i, float(np.linalg.norm(self.unit[i] - unit))) for i in places)
        return tuple(Neighbour(self.examples[i][0], self.examples[i][1], distance) for i, distance in away)


def nearest_taught(
    model: bytes, prepared: Preprocess, pictures: Sequence[ImageLike], taught: Sequence[tuple[ImageLike, str]],
    count: int = 3, cache: Path | None = None, on_event: OnEvent = ignore, normalise: NormaliseLike | None = None,
) -> list[tuple[Neighbour, ...]]:  # fmt: skip
    """For each picture the ``count`` nearest training pictures, by the model's own embedding.

    Args:
        model: the content of a ``.tflite``.
        prepared: how pictures are prepared for it; the fit and the reducing gap are used.
        taught: the training pictures and their labels.
        cache: a folder for the embeddings of ``taught``.
        normalise: what the network sees of pixel values, where the file does not say.
    """
    if not pictures or not taught:
        return [() for _ in pictures]
    backbone = Backbone.from_file(model, fit=prepared.fit, normalise=normalise, reducing_gap=prepared.reducing_gap)
    known = taught_pictures(backbone, taught, cache, on_event)
    return [known.nearest(embedding, count) for embedding in backbone.embed_many(pictures)]


def taught_pictures(
    backbone: Backbone, taught: Sequence[tuple[ImageLike, str]], cache: Path | None = None, on_event: OnEvent = ignore
) -> TaughtPictures:
    """The readable ones of at most ``MOST_COMPARED`` training pictures, embedded."""
    from whatsit.backbones.views import ViewEmbedder
    from whatsit.imaging.augmentation import NO_AUGMENTATION
    from whatsit.training.pictures import embed_views

    embedder = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    some = evenly_sampled(taught, MOST_COMPARED)
    chosen, rows = embed_views(embedder, some, cache, on_event, _ignore, Phase.COMPARING)
    return TaughtPictures(tuple(chosen), normalised(rows.plain, in_place=True))


def _ignore(_error: ImageError) -> None:
    pass
