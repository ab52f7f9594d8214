"""Multinomial logistic regression, by scikit-learn, in a space where classes are round."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError
from whatsit.heads.learner import Learner
from whatsit.heads.linear import LinearHead
from whatsit.heads.unknown import normalised

REGULARISATION = 0.03
"""Scikit-learn's C where nothing else is asked for."""
SHRINKAGE = 20.0
"""Weight of the mean variance beside the covariance measured: a few pictures show few of its directions."""
_SOFTENING = 0.01
_MOST_ROWS = 1000
"""Pictures that the covariance is measured on at most."""
_TINY = 1e-7


def logistic_regression(
    embeddings: NDArray[np.float32],
    targets: Sequence[str],
    *,
    normalise: bool = False,
    regularisation: float = REGULARISATION,
) -> LinearHead:
    """Multinomial logistic regression (scikit-learn's, L2 penalty) on whitened embeddings, classes weighed evenly.

    Standardising gives features of small variance their weight. Whitening by the shrunk covariance within classes does
    so for directions, as in linear discriminant analysis (Friedman 1989, "Regularized Discriminant Analysis"). Both
    fold into the matrix, so the head stays linear. Not normalising is as accurate and saves an operator whose int8 form
    has few levels.

    Args:
        embeddings: raw, shape (pictures, dim).
        targets: the label of each.
        normalise: fit on L2-normalised embeddings; the head then normalises what it is given.
        regularisation: scikit-learn's C, above 0; smaller values hold the weights closer to zero.

    Raises:
        DataError: fewer than two labels.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    labels = tuple(sorted(set(targets)))
    if len(labels) < 2:
        raise DataError(f"{len(labels)} class: a classifier needs at least 2; add pictures of something else")
    prepared = normalised(embeddings) if normalise else embeddings
    classes = np.searchsorted(labels, np.asarray(targets))
    mean = prepared.mean(axis=0)
    # Part of the typical length is added, so that a feature that hardly varies is not blown up.
    spread = prepared.std(axis=0) + _SOFTENING * np.linalg.norm(prepared, axis=1).mean()
    fit = LogisticRegression(C=regularisation, class_weight="balanced", max_iter=300, tol=1e-4)
    # The products are too small to share: BLAS threads spend ten times as long waiting for each other as computing.
    with threadpool_limits(1, "blas"):
        standard = (prepared - mean) / spread
        directions, change = _whitening(standard, classes)
        x = standard + (standard @ directions * change) @ directions.T
        scale = float(np.sqrt((x**2).mean())) or 1.0
        points, back = _reduced(x / scale)
        fit.fit(points, classes)
        matrix, offset = (fit.coef_ if back is None else fit.coef_ @ back.T) / scale, fit.intercept_
        matrix = matrix + (matrix @ directions * change) @ directions.T
    if len(labels) == 2:  # scikit-learn keeps one row for two classes
        matrix, offset = np.concatenate([-matrix, matrix]) / 2, np.concatenate([-offset, offset]) / 2
    weights = matrix / spread
    bias = offset - weights @ mean
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32), labels, normalise)


def _whitening(x: NDArray[np.float32], classes: NDArray[np.intp]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Orthonormal directions, shape (dim, n), and by what share of itself a point's part along each changes, -1 to 0.

    It is (S / l + 1)^-1/2 of the covariance S within classes, each class weighed evenly, with l ``SHRINKAGE`` times
    the mean variance; directions in which nothing was seen to vary stay as they are.
    """
    counts = np.bincount(classes)
    means = np.array([x[classes == one].mean(axis=0) for one in range(len(counts))])
    apart = (x - means[classes]) * np.sqrt(1 / (len(counts) * counts[classes]))[:, np.newaxis].astype(np.float32)
    if len(apart) > _MOST_ROWS:
        some = np.random.default_rng(0).permutation(len(apart))[:_MOST_ROWS]
        apart = apart[some] * np.float32(np.sqrt(len(apart) / _MOST_ROWS))
    values, vectors = np.linalg.eigh((apart @ apart.T).astype(np.float64))
    kept = values > _TINY * max(float(values[-1]), _TINY)
    values, vectors = values[kept], vectors[:, kept]
    floor = SHRINKAGE * values.sum() / x.shape[1]
    directions = (apart.T @ vectors) / np.sqrt(values)
    return directions.astype(np.float32), (np.sqrt(floor / (values + floor)) - 1).astype(np.float32)


def _reduced(x: NDArray[np.float32]) -> tuple[NDArray[np.floating], NDArray[np.float64] | None]:
    """The same points in as many dimensions as there are points, and the way back for weights, shape (dim, points).

    The penalty is the same in both, so the head is the same: only the fit is faster.
    """
    if len(x) >= x.shape[1]:
        return x, None
    points = x.astype(np.float64)
    values, vectors = np.linalg.eigh(points @ points.T)
    kept = values > _TINY * max(float(values[-1]), _TINY)
    if not kept.any():  # all points are one
        return x, None
    lengths, vectors = np.sqrt(values[kept]), vectors[:, kept]
    return vectors * lengths, points.T @ (vectors / lengths)


LOGISTIC = Learner(
    "logistic",
    "logistic regression on whitened embeddings, classes weighed evenly",
    logistic_regression,
    strengths=(0.003, 0.01, 0.03, 0.1),
)
