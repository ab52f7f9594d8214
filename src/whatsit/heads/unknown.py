"""How far is too far: distances between embeddings, and the threshold beyond which a picture is *unknown*."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NOISE = 0.2
"""How far apart L2-normalised embeddings of one picture lie where only its coding differs; no threshold is below.

Measured with EfficientNet-Lite0 at 224 and 96 pixels on 53 photographs: float32 beside int8 at most 0.19, saved again
as JPEG of quality 90 at most 0.19. Pictures of one class lie farther: thresholds from two to twenty pictures a class
were 0.65 and more, so the floor shows only where copies of one picture, or frames of a still camera, were taught.
"""


def normalised(embeddings: Floats) -> Floats:
    """Each embedding (last axis) divided by its Euclidean length; zeros stay zeros."""
    length = np.linalg.norm(embeddings.astype(np.float64), axis=-1, keepdims=True)
    return np.asarray(embeddings / np.where(length > 0, length, 1.0), np.float32)


def distances(embedding: Floats, prototypes: Floats) -> NDArray[np.float64]:
    """Euclidean distance of one embedding, shape (f,), to each prototype, shape (n, f): shape (n,)."""
    return np.asarray(np.linalg.norm(prototypes.astype(np.float64) - embedding, axis=1))


def squared_distances(embeddings: Floats, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared Euclidean distances of embeddings, shape (m, f), to centres, shape (n, f): shape (m, n)."""
    points = embeddings.astype(np.float64)
    products = points @ centres.T
    squared = (points**2).sum(axis=1)[:, np.newaxis] + (centres**2).sum(axis=1) - 2 * products
    return np.asarray(np.maximum(squared, 0.0))


def means(members: Floats, classes: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """The mean of each class's members, shape (count, f); in float64, where their order does not show."""
    return np.array([members[classes == index].mean(axis=0, dtype=np.float64) for index in range(count)]).reshape(
        count, members.shape[1]
    )


def leave_one_out(members: Floats, classes: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far embeddings are from their own class without them, and from the nearest other class.

    The mean of the k - 1 others scatters a little more than the mean of all k that will be in use; distances
    to it are scaled by sqrt((1 + 1/k) / (1 + 1/(k - 1))), the ratio expected of independent members. Without
    that, two or three members a class give a threshold far too generous.

    Args:
        members: shape (m, f).
        classes: the class of each, 0 to below the number of classes, shape (m,).

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


def gap_threshold(members: Floats, classes: NDArray[np.intp], unknown_rate: float) -> float | None:
    """The distance above which a picture is unknown, from ``leave_one_out``: at least ``NOISE`` of a member's length.

    Where classes overlap it is the (1 - unknown_rate) quantile of ``own``. Where a gap opens between that and
    the ``unknown_rate`` quantile of ``other``, it is the middle of the gap: pictures taken in one go lie closer
    together than those of tomorrow, and the gap is room to give.

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
