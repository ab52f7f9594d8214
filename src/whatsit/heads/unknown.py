"""Distances between embeddings, and what the rule for *unknown* (``strangeness``) shares with others.

``gap_threshold`` is for programs in MaixPy's way, which have a raw distance and no picture any more.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

UNKNOWN_RATE = 0.05
"""Share of known pictures that can be called unknown, where nothing else is asked for."""

NOISE = 0.2
"""Distance between L2-normalised embeddings of one picture in different encodings; no threshold is lower.

Measured with EfficientNet-Lite0 at 224 and 96 pixels on 53 photographs: float32 against int8 at most 0.19, re-encoded
as JPEG of quality 90 at most 0.19. Pictures of one class lie farther apart: thresholds from 2 to 20 pictures per class
were 0.65 and more, so the floor matters only where copies of one picture, or frames of a still camera, were taught.
"""

_ROWS = 256
"""Embeddings taken to float64 at a time: all of them would need twice the memory they lie in."""

ENOUGH_HELD_OUT = 20
"""Held-out pictures from which the rule is measured on them instead of leaving one out."""


def normalised(embeddings: Floats, *, in_place: bool = False) -> Floats:
    """Each embedding (last axis) divided by its Euclidean length; zeros stay zeros."""
    rows = embeddings.reshape(-1, embeddings.shape[-1])
    unit = rows if in_place else np.empty(rows.shape, np.float32)
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS].astype(np.float64)
        length = np.linalg.norm(some, axis=1, keepdims=True)
        unit[start : start + _ROWS] = some / np.where(length > 0, length, 1.0)
    return unit.reshape(embeddings.shape)


def distances(embedding: Floats, prototypes: Floats) -> NDArray[np.float64]:
    """Euclidean distance of one embedding, shape (dim,), to each prototype, shape (n, dim): shape (n,)."""
    return np.asarray(np.linalg.norm(prototypes.astype(np.float64) - embedding, axis=1))


def squared_distances(embeddings: Floats, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared Euclidean distances of embeddings, shape (m, dim), to centres, shape (n, dim): shape (m, n)."""
    lengths = (centres**2).sum(axis=1)
    squared = np.empty((len(embeddings), len(centres)))
    for start in range(0, len(embeddings), _ROWS):
        points = embeddings[start : start + _ROWS].astype(np.float64)
        squared[start : start + _ROWS] = (points**2).sum(axis=1)[:, np.newaxis] + lengths - 2 * points @ centres.T
    return np.maximum(squared, 0.0)


def means(members: Floats, classes: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """The mean of each class's members, shape (count, dim); in float64, so that their order does not matter."""
    return np.array([members[classes == index].mean(axis=0, dtype=np.float64) for index in range(count)]).reshape(
        count, members.shape[1]
    )


def unit_means(embeddings: Floats, classes: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """The mean of each class's L2-normalised embeddings, shape (count, dim), without a copy of them all."""
    sums = np.zeros((count, embeddings.shape[1]))
    for start in range(0, len(embeddings), _ROWS):
        some = slice(start, start + _ROWS)
        unit, of = normalised(embeddings[some]), classes[some]
        for index in np.unique(of):
            sums[index] += unit[of == index].sum(axis=0, dtype=np.float64)
    return np.asarray(sums / np.maximum(np.bincount(classes, minlength=count), 1)[:, np.newaxis])


def gap_threshold(members: Floats, classes: NDArray[np.intp], unknown_rate: float) -> float | None:
    """The distance to its own class above which a picture is unknown; for classes of few members.

    Where classes overlap it is the (1 - unknown_rate) quantile of the ``leave_one_out`` distances within classes.
    Where a gap opens between that and the unknown_rate quantile of the distances to other classes, it is the middle
    of the gap: pictures taken in one session lie closer together than tomorrow's, and the gap leaves room for those.
    It is never below ``NOISE`` times a member's typical length.

    Args:
        members: embeddings, raw or L2-normalised, shape (m, dim); the threshold is in their units.
        classes: the class of each, from 0, shape (m,).
        unknown_rate: share of known pictures that can be called unknown, 0 to below 1.

    Returns:
        None where no class has two members to compare.
    """
    own, other = leave_one_out(members, classes)
    if not len(own):
        return None
    within = float(np.quantile(own, 1 - unknown_rate))
    middle = (within + float(np.quantile(other, unknown_rate))) / 2 if len(other) else within
    length = float(np.sqrt((members.astype(np.float64) ** 2).sum(axis=1).mean()))
    return max(within, middle, NOISE * length)


def leave_one_out(members: Floats, classes: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances of embeddings to the mean of their own class without them, and to the nearest other class.

    The mean of the k - 1 others scatters a little more than the mean of all k that will be in use; distances
    to it are scaled by sqrt((1 + 1/k) / (1 + 1/(k - 1))), the ratio expected of independent members. Without
    that, two or three members per class give a threshold far too generous.

    Args:
        members: shape (m, dim).
        classes: the class of each, from 0, shape (m,).

    Returns:
        The own distances, of members that are not alone in their class, and the other distances, of all
        members (empty with a single class).
    """
    count = int(classes.max(initial=-1)) + 1
    sizes = np.bincount(classes, minlength=count)
    centres = means(members, classes, count)
    k = sizes[classes]
    squared = squared_distances(members, centres)
    own_squared = squared[np.arange(len(members)), classes]
    squared[np.arange(len(members)), classes] = np.inf
    other = np.sqrt(squared.min(axis=1)) if count > 1 else np.empty(0)
    shared = k > 1
    k = k[shared]
    # |x - mean of the others| = |x - mean of all| * k / (k - 1)
    own = np.sqrt(own_squared[shared]) * (k / (k - 1)) * np.sqrt((1 + 1 / k) / (1 + 1 / (k - 1)))
    return own, other
