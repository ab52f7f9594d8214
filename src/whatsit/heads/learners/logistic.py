"""Logistic and ridge regression, by scikit-learn and in closed form, in a space where classes are round."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError
from whatsit.heads.learner import Learner
from whatsit.heads.linear import LinearHead
from whatsit.heads.sampling import evenly
from whatsit.heads.unknown import normalised
from whatsit.heads.whitening import MOST_LANDMARKS, ROWS, Standard, coordinates
from whatsit.parallel import give_back_memory
from whatsit.plugins import EXTRAS

REGULARISATION = 1.0
"""The ridge's penalty where nothing else is asked for."""
STRENGTHS = (0.3, 1.0, 3.0)
INVERSE_PENALTY = 0.03
"""Scikit-learn's C. From 0.003 to 0.3 the mean of the two heads is equally accurate; here its scores fit best too."""
_TINY = 1e-12

Floats: TypeAlias = NDArray[np.float32]
_Line: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights, shape (classes, coordinates), and offsets, shape (classes,)."""


def logistic_regression(
    embeddings: Floats,
    targets: Sequence[str],
    *,
    normalise: bool = False,
    regularisation: float = REGULARISATION,
) -> LinearHead:
    """The mean of two linear heads on whitened embeddings, classes weighed evenly: logistic and ridge regression.

    The logistic head (multinomial, L2 penalty) is scikit-learn's. The ridge head regresses on the classes' indicators,
    and is scaled to the spread of the other's logits. They err differently: together they are better than each.

    Taught embeddings whose lengths hardly differ are brought to one length first, so that none counts more for being
    long; the head is given embeddings as they are, which saves an operator whose int8 form has few levels. Where
    lengths differ, they can tell classes apart, and stay. Standardising gives features of small variance their weight.
    Whitening by the shrunk covariance within classes does so for directions, as in linear discriminant analysis. All of
    it folds into one matrix. With many pictures the weights are sought in the span of a thousand of them, which are
    sampled evenly over the classes.

    Args:
        embeddings: raw, shape (pictures, dim).
        targets: the label of each.
        normalise: fit on L2-normalised embeddings; the head then normalises what it is given.
        regularisation: the ridge's penalty, above 0, in units of the mean squared length by the number of pictures;
            larger values hold the weights closer to the differences of the class means.

    Raises:
        DataError: fewer than two labels.
    """
    with EXTRAS["teach"].imports("logistic regression"):
        from threadpoolctl import threadpool_limits

    labels = tuple(sorted(set(targets)))
    if len(labels) < 2:
        raise DataError(f"{len(labels)} class: a classifier needs at least 2; add pictures of something else")
    classes = np.searchsorted(labels, np.asarray(targets))
    embeddings = normalised(embeddings) if normalise else embeddings
    standard = Standard.of(embeddings)
    marks = evenly(targets, MOST_LANDMARKS)
    rows = range(0, len(embeddings), ROWS)
    # The products are too small to share: BLAS threads spend ten times as long waiting for each other as computing.
    with threadpool_limits(1, "blas"):
        landmarks = np.concatenate([standard(embeddings[some]) for some in _parts(marks)])
        products = np.concatenate([standard(embeddings[start : start + ROWS]) @ landmarks.T for start in rows])
        del landmarks  # made again in the end: what comes in between needs most memory
        give_back_memory()
        change = coordinates(products[marks], classes[marks], embeddings.shape[1])
        points = products @ change.T.astype(np.float32)
        del products
        ((matrix, offset),) = _lines(points, classes, (regularisation,))
        slope = matrix @ change
        weights = np.zeros((len(matrix), embeddings.shape[1]))
        for start, some in zip(range(0, len(marks), ROWS), _parts(marks), strict=True):
            weights += slope[:, start : start + ROWS] @ standard(embeddings[some])
        weights /= standard.spread
    bias = offset - weights @ standard.mean
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32), labels, normalise)


def _parts(places: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [places[start : start + ROWS] for start in range(0, len(places), ROWS)]


def held_out_scores(
    embeddings: Floats, targets: Sequence[str], folds: NDArray[np.int64], strengths: Sequence[float | None], total: int
) -> Mapping[float | None, Floats]:
    """As ``Learner.held_out_scores``: all folds and strengths from one matrix of scalar products.

    Where a head of all pictures has fewer landmarks than pictures, those of the folds have as small a share.
    """
    with EXTRAS["teach"].imports("logistic regression"):
        from threadpoolctl import threadpool_limits

    labels, classes = np.unique(np.asarray(targets), return_inverse=True)
    standard = Standard.of(embeddings)(embeddings)
    share = min(1.0, MOST_LANDMARKS / total)
    penalties = [REGULARISATION if strength is None else strength for strength in strengths]
    found = {strength: np.zeros((len(classes), len(labels)), np.float32) for strength in strengths}
    with threadpool_limits(1, "blas"):
        products = standard @ standard.T
        for fold in np.unique(folds[folds > 0]):
            training = np.flatnonzero(folds != fold)
            most = max(len(labels), round(len(training) * share))
            marks = training[evenly(classes[training], most)]
            change = coordinates(products[np.ix_(marks, marks)], classes[marks], embeddings.shape[1])
            points = products[:, marks] @ change.T.astype(np.float32)
            lines = _lines(points[training], classes[training], penalties)
            for strength, (matrix, offset) in zip(strengths, lines, strict=True):
                head = LinearHead(matrix.astype(np.float32), offset.astype(np.float32), tuple(map(str, labels)), False)
                found[strength][folds == fold] = head.scores(points[folds == fold])
    return found


def _lines(points: Floats, classes: NDArray[np.intp], penalties: Sequence[float]) -> list[_Line]:
    """For each penalty of the ridge the mean of the two heads, in coordinates."""
    with EXTRAS["teach"].imports("logistic regression"):
        from sklearn.linear_model import LogisticRegression

    fit = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=300, tol=1e-3).fit(points, classes)
    matrix, offset = fit.coef_.astype(np.float64), fit.intercept_.astype(np.float64)
    if len(matrix) == 1:  # scikit-learn keeps one row for two classes
        matrix, offset = np.concatenate([-matrix, matrix]) / 2, np.concatenate([-offset, offset]) / 2
    spread = np.std(points @ matrix.T + offset)
    lines = []
    for slope, height in _ridges(points, classes, penalties):
        scale = spread / max(float(np.std(points @ slope.T + height)), _TINY)
        lines.append(((matrix + scale * slope) / 2, (offset + scale * height) / 2))
    return lines


def _ridges(points: Floats, classes: NDArray[np.intp], penalties: Sequence[float]) -> Iterator[_Line]:
    """Ridge regression on the indicators of the classes, each class weighed evenly; the offset is not penalised."""
    sizes = np.bincount(classes)
    weights = 1 / (len(sizes) * sizes[classes])
    centre = weights @ points
    roots = np.sqrt(weights)[:, np.newaxis].astype(np.float32)
    x = (points - centre.astype(np.float32)) * roots
    products, wanted = (x.T @ x).astype(np.float64), x.T @ ((np.eye(len(sizes))[classes] - 1 / len(sizes)) * roots)
    unit = max(float(np.einsum("ij,ij->", points, points)) / len(points) ** 2, _TINY) * np.eye(x.shape[1])
    for penalty in penalties:
        slope = np.asarray(np.linalg.solve(products + penalty * unit, wanted).T, np.float64)
        yield slope, 1 / len(sizes) - slope @ centre


LOGISTIC = Learner(
    "logistic",
    "logistic and ridge regression on whitened embeddings, classes weighed evenly",
    logistic_regression,
    strengths=STRENGTHS,
    held_out=held_out_scores,
    extra="teach",
)
