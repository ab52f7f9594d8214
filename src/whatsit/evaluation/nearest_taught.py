"""The training pictures most like one that the model got wrong, which may explain the mistake."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
    from whatsit.backbones.views import ViewEmbedder
    from whatsit.imaging.augmentation import NO_AUGMENTATION
    from whatsit.training.pictures import embed_views

    embedder = ViewEmbedder(Backbone.from_file(model, fit=fit, normalise=normalise), NO_AUGMENTATION, 1)
    chosen, rows = embed_views(
        embedder, evenly_sampled(taught, MOST_COMPARED), cache, on_event, _ignore, Phase.COMPARING
    )
    known = normalised(rows[:, 0])
    found = []
    for embedding in embedder.embed_many(pictures):
        away = np.linalg.norm(known - normalised(embedding[np.newaxis]), axis=1)
        order = np.argsort(away, kind="stable")[:count]
        found.append(tuple(Neighbour(chosen[i][0], chosen[i][1], float(away[i])) for i in order.tolist()))
    return found


def _ignore(_error: ImageError) -> None:
    pass
