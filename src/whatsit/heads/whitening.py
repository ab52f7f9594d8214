"""Whitening: coordinates of embeddings in which classes are round, few enough to fit heads on quickly."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SHRINKAGE = 20.0
"""Weight of the mean variance beside the covariance measured: a few pictures show few of its directions."""
MOST_LANDMARKS = 1000
"""Pictures that the coordinates are made of at most."""
ROWS = 256
"""Embeddings standardised at a time: all of them would need the memory they lie in once more."""
_SOFTENING = 0.01
_ALIKE = 0.1
"""Standard deviation of the embeddings' lengths, as a share of their mean, up to which they are evened out."""
_JITTER = 1e-5
"""Added to squared lengths, as a share of their mean: copies of a picture span no direction of their own."""
_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """What standardises embeddings: each feature's mean and spread, shape (dim,)."""

    mean: Floats
    spread: Floats
    length: float | None
    """The Euclidean length that embeddings are brought to first; None: each keeps its own."""

    @classmethod
    def of(cls, embeddings: Floats) -> Self:
        """Lengths that hardly differ are noise, and are evened out; where they differ, they can tell classes apart.

        Part of the typical length is added to the spread: a feature that hardly varies is not blown up.
        """
        lengths = _lengths(embeddings)
        typical = max(float(lengths.mean()), _TINY)
        length = typical if float(lengths.std()) <= _ALIKE * typical else None
        rows = range(0, len(embeddings), ROWS)
        total = sum(
            _of_length(embeddings[start : start + ROWS], length).sum(axis=0, dtype=np.float64) for start in rows
        )
        mean = (total / len(embeddings)).astype(np.float32)
        apart = (_of_length(embeddings[start : start + ROWS], length) - mean for start in rows)
        squares = sum((one**2).sum(axis=0, dtype=np.float64) for one in apart)
        spread = np.sqrt(squares / len(embeddings)) + _SOFTENING * typical
        return cls(mean, spread.astype(np.float32), length)

    def __call__(self, embeddings: Floats) -> Floats:
        """Shape (pictures, dim), as given."""
        return np.asarray((_of_length(embeddings, self.length) - self.mean) / self.spread, np.float32)


def _lengths(embeddings: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings)))


def _of_length(embeddings: Floats, length: float | None) -> Floats:
    if length is None:
        return embeddings
    return np.asarray(embeddings * (np.float32(length) / np.maximum(_lengths(embeddings), np.float32(_TINY)))[:, None])


def coordinates(products: NDArray[np.floating], classes: NDArray[np.intp], dim: int) -> NDArray[np.float64]:
    """The matrix that makes a picture's coordinates of its scalar products with some pictures, the landmarks.

    The coordinates are those of (S / l + 1)^-1/2 x in the span of the landmarks, up to a rotation, for the covariance S
    within classes, each class weighed evenly, and l ``SHRINKAGE`` times the mean variance (Friedman 1989, "Regularized
    Discriminant Analysis"); their mean square per feature is 1. Only scalar products are needed, so many folds share
    them (Schölkopf et al. 1998, "Nonlinear Component Analysis as a Kernel Eigenvalue Problem", section 2).

    Args:
        products: of the landmarks' standardised embeddings with each other, shape (landmarks, landmarks).
        classes: the class of each landmark, from 0; none is missing.
        dim: features of an embedding.

    Returns:
        Shape (landmarks, landmarks), float64.
    """
    gram, count, places = products.astype(np.float64), len(products), np.arange(len(products))
    sizes = np.bincount(classes)
    averages = np.zeros((len(sizes), count))
    averages[classes, places] = 1 / sizes[classes]
    apart = -averages[classes]  # picture minus the mean of its class, weighed
    apart[places, places] += 1
    apart *= np.sqrt(1 / (len(sizes) * sizes[classes]))[:, np.newaxis]
    within = apart @ gram
    covariance = within @ apart.T
    floor = max(SHRINKAGE * covariance.trace() / dim, _TINY * max(gram.trace(), _TINY))
    covariance[places, places] += floor
    # By Woodbury's identity, x (S / l + 1)^-1 is x less its share along what varies within classes.
    change = -within.T @ np.linalg.solve(covariance, apart)
    change[places, places] += 1
    del within, covariance, apart
    white = change @ gram
    square = max(white.trace() / count, _TINY * dim)
    lengths = _root((white + white.T) / 2, _JITTER * square)
    return np.asarray(np.linalg.solve(lengths, change) / np.sqrt(square / dim))


def _root(matrix: NDArray[np.float64], jitter: float) -> NDArray[np.float64]:
    """The lower Cholesky factor; products of float32 are positive definite only to their rounding errors."""
    while True:
        try:
            return np.asarray(np.linalg.cholesky(matrix + jitter * np.eye(len(matrix))))
        except np.linalg.LinAlgError:
            jitter *= 10
