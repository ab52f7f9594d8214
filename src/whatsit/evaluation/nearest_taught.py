"""The taught pictures that look most like one the model got wrong: why it may have thought so."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whatsit.backbones.backbone import Backbone
from whatsit.heads.unknown import normalised
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit
from whatsit.models.taught_model import evenly_sampled

MOST_TAUGHT = 4000
"""Taught pictures looked at; of more, so many are taken evenly."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A taught picture and how far it is, 0..2 between L2-normalised embeddings."""

    picture: ImageLike
    label: str
    distance: float


def nearest_taught(
    model: bytes, fit: Fit, pictures: Sequence[ImageLike], taught: Sequence[tuple[ImageLike, str]], count: int = 3,
    cache: Path | None = None,
) -> list[tuple[Taught, ...]]:  # fmt: skip
    """For each picture the ``count`` nearest of ``taught``, by the model's own embedding.

    Args:
        cache: a folder for the embeddings of ``taught``.
    """
    if not pictures or not taught:
        return [() for _ in pictures]
    from whatsit.backbones.views import ViewEmbedder
    from whatsit.imaging.augmentation import NO_AUGMENTATION
    from whatsit.training.train import embed_views

    embedder = ViewEmbedder(Backbone.from_file(model, fit=fit), NO_AUGMENTATION, 1)
    chosen, rows = embed_views(
        embedder, evenly_sampled(taught, MOST_TAUGHT), cache, _ignore, _ignore, "taught pictures"
    )
    known = normalised(rows[:, 0])
    found = []
    for embedding in embedder.embed_many(pictures):
        away = np.linalg.norm(known - normalised(embedding[np.newaxis]), axis=1)
        order = np.argsort(away, kind="stable")[:count]
        found.append(tuple(Taught(chosen[i][0], chosen[i][1], float(away[i])) for i in order.tolist()))
    return found


def _ignore(_event: object) -> None:
    pass
