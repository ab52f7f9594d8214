"""The training pictures most like another picture, which may explain what a model says of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.errors import ImageError
from whatsit.heads.unknown import normalised
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit
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

    def nearest(self, embedding: NDArray[np.float32], count: int, label: str | None = None) -> tuple[Neighbour, ...]:
        """The ``count`` nearest to a raw embedding, shape (dim,), nearest first; of ``label`` where one is given."""
        away = np.linalg.norm(self.unit - normalised(embedding[np.newaxis]), axis=1)
        order = np.argsort(away, kind="stable").tolist()
        chosen = [i for i in order if label is None or self.examples[i][1] == label][:count]
        return tuple(Neighbour(self.examples[i][0], self.examples[i][1], float(away[i])) for i in chosen)


def nearest_taught(
    model: bytes, fit: Fit, pictures: Sequence[ImageLike], taught: Sequence[tuple[ImageLike, str]], count: int = 3,
    cache: Path | None = None, on_event: OnEvent = ignore, normalise: NormaliseLike | None = None,
) -> list[tuple[Neighbour, ...]]:  # fmt: skip
    """For each picture the ``count`` nearest training pictures, by the model's own embedding.

    Args:
        model: the content of a ``.tflite``.
        taught: the training pictures and their labels.
        cache: a folder for the embeddings of ``taught``.
        normalise: what the network sees of pixel values, where the file does not say.
    """
    if not pictures or not taught:
        return [() for _ in pictures]
    backbone = Backbone.from_file(model, fit=fit, normalise=normalise)
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
    return TaughtPictures(tuple(chosen), normalised(rows[:, 0]))


def _ignore(_error: ImageError) -> None:
    pass
