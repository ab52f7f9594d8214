"""The class whose mean embedding is nearest, written as a linear head."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.learner import Learner
from whatsit.heads.linear import LinearHead, class_means
from whatsit.heads.unknown import normalised

_TEMPERATURE = 32.0
"""Spreads the scores; it does not change which class is best."""


def nearest_centroid(embeddings: NDArray[np.float32], targets: Sequence[str], *, normalise: bool = True) -> LinearHead:
    """A head whose best class is the one with the nearest mean (Euclidean).

    -|x - c|^2 = 2 c·x - |c|^2 - |x|^2, and |x|^2 is the same for every class, so the nearest mean is a linear head
    (Snell et al., "Prototypical Networks for Few-shot Learning", 2017, section 2.4).

    Args:
        embeddings: raw, shape (pictures, dim).
        targets: the label of each.
        normalise: compare L2-normalised embeddings; the head then normalises what it is given.
    """
    prepared = normalised(embeddings) if normalise else embeddings
    labels = tuple(sorted(set(targets)))
    centres = class_means(prepared, targets, labels)
    # Raw embeddings have lengths of any size; dividing by them keeps the scores as spread as normalised ones.
    heat = _TEMPERATURE if normalise else _TEMPERATURE / max(float((centres**2).sum(axis=1).mean()), 1e-12)
    weights, bias = 2 * heat * centres, -heat * (centres**2).sum(axis=1)
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32), labels, normalise)


CENTROID = Learner("centroid", "the nearest class mean of normalised embeddings", nearest_centroid)
