"""Multinomial logistic regression, by scikit-learn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError
from whatsit.heads.learner import Learner
from whatsit.heads.linear import LinearHead
from whatsit.heads.unknown import normalised

_REGULARISATION = 0.01
_SOFTENING = 0.01


def logistic_regression(
    embeddings: NDArray[np.float32], targets: Sequence[str], *, normalise: bool = False
) -> LinearHead:
    """Multinomial logistic regression (scikit-learn's, L2 penalty) on standardised embeddings.

    Standardising gives features of small variance their weight; it folds into the matrix, so the head stays linear.
    Not normalising is as accurate and saves an operator whose int8 form has few levels.

    Args:
        embeddings: raw, shape (pictures, dim).
        targets: the label of each.
        normalise: fit on L2-normalised embeddings; the head then normalises what it is given.

    Raises:
        DataError: fewer than two labels.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    labels = tuple(sorted(set(targets)))
    if len(labels) < 2:
        raise DataError(f"{len(labels)} class: a classifier needs at least 2; add pictures of something else")
    prepared = normalised(embeddings) if normalise else embeddings
    mean = prepared.mean(axis=0)
    # Part of the typical length is added, so that a feature that hardly varies is not blown up.
    spread = prepared.std(axis=0) + _SOFTENING * np.linalg.norm(prepared, axis=1).mean()
    fit = LogisticRegression(C=_REGULARISATION, max_iter=300, tol=1e-3)
    # The products are too small to share: BLAS threads spend ten times as long waiting for each other as computing.
    with threadpool_limits(1, "blas"):
        fit.fit((prepared - mean) / spread, np.searchsorted(labels, np.asarray(targets)))
    matrix, offset = fit.coef_, fit.intercept_
    if len(labels) == 2:  # scikit-learn keeps one row for two classes
        matrix, offset = np.concatenate([-matrix, matrix]) / 2, np.concatenate([-offset, offset]) / 2
    weights = matrix / spread
    bias = offset - weights @ mean
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32), labels, normalise)


LOGISTIC = Learner("logistic", "logistic regression on standardised embeddings", logistic_regression)
