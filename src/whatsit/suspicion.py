"""Pictures whose embedding disagrees with their label, and pictures that look like nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FOLDS = 5
_NEIGHBOURS = 5
_STRENGTH = 3.0
"""Inverse of the L2 penalty. Stronger than for a model: wrong labels must not be learnt by heart."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How much one picture's label is doubted."""

    index: int
    """The picture's place in what was asked."""
    doubt: float
    """-1 (surely right) to 1 (surely wrong): the best other class's probability minus the label's own."""
    instead: str
    """The best other class."""
    is_suspect: bool
    """True where another class is as likely as for pictures of its own (Northcutt et al. 2021)."""


def doubt_labels(unit: NDArray[np.float32], labels: Sequence[str], groups: Sequence[int]) -> list[Suspicion]:
    """All pictures, the most doubtful label first.

    Each picture is judged by a logistic regression on L2-normalised embeddings that was taught without it and
    without its near-copies (cross-validation by group).

    Args:
        unit: L2-normalised embeddings, shape (pictures, dim).
        labels: their classes.
        groups: equal numbers for near-copies of each other.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        return []
    targets = np.array([names.index(label) for label in labels])
    scores = _out_of_fold(unit, targets, np.asarray(groups), len(names))
    rows = np.arange(len(targets))
    own = scores[rows, targets]
    usual = np.array([own[targets == name].mean() for name in range(len(names))])
    others = scores.copy()
    others[rows, targets] = -1
    best = others.argmax(1)
    doubt = others[rows, best] - own
    suspect = (doubt > 0) & (others[rows, best] >= usual[best])
    order = np.lexsort((rows, -doubt))
    return [Suspicion(int(i), float(doubt[i]), names[best[i]], bool(suspect[i])) for i in order]


def outliers(unit: NDArray[np.float32]) -> list[int]:
    """Places of pictures unlike all others, the strangest first; at most one in fifty.

    Measured on L2-normalised embeddings by the mean distance to the five nearest; strange is more than six median
    absolute deviations above the median (Iglewicz & Hoaglin 1993 call 3.5 on a like scale doubtful).
    """
    count = len(unit)
    if count <= 2 * _NEIGHBOURS:
        return []
    distances = np.empty(count, np.float32)
    for start in range(0, count, 512):
        likeness = unit[start : start + 512] @ unit.T
        nearest = np.partition(likeness, count - 1 - _NEIGHBOURS, axis=1)[:, count - 1 - _NEIGHBOURS :]
        # The nearest of all is the picture itself.
        closest = np.sort(nearest, axis=1)[:, :_NEIGHBOURS]
        distances[start : start + 512] = np.sqrt(np.maximum(0, 2 - 2 * closest)).mean(1)
    middle = np.median(distances)
    spread = 1.4826 * np.median(np.abs(distances - middle)) + 1e-6
    strange = np.flatnonzero(distances > middle + 6 * spread)
    order = strange[np.lexsort((strange, -distances[strange]))]
    return [int(i) for i in order[: max(1, count // 50)]]


def _out_of_fold(
    unit: NDArray[np.float32], targets: NDArray[np.intp], groups: NDArray[np.intp], classes: int
) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    folds = _folds(targets, groups)
    scores = np.full((len(targets), classes), 1 / classes, np.float32)
    for fold in range(_FOLDS):
        taught = folds != fold
        present = np.unique(targets[taught])
        if taught.all() or len(present) < 2:
            continue
        model = LogisticRegression(C=_STRENGTH, max_iter=200, tol=1e-3)
        model.fit(unit[taught], targets[taught])
        scores[~taught] = 0
        asked = np.flatnonzero(~taught)
        scores[np.ix_(asked, present)] = model.predict_proba(unit[asked])
    return scores


def _folds(targets: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    # Round and round within each class, whole groups together: stratified and the same every time.
    fold_of_group: dict[int, int] = {}
    turn: dict[int, int] = {}
    folds = np.empty(len(targets), np.intp)
    for at, (target, group) in enumerate(zip(targets.tolist(), groups.tolist(), strict=True)):
        if group not in fold_of_group:
            fold_of_group[group] = turn.get(target, 0) % _FOLDS
            turn[target] = turn.get(target, 0) + 1
        folds[at] = fold_of_group[group]
    return folds
