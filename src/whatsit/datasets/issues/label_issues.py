"""Pictures whose embedding disagrees with their label, and pictures that look like nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FOLDS = 5
_STRENGTH = 3.0
"""Inverse of the L2 penalty. Stronger than for a model: wrong labels must not be learnt by heart."""
_STRANGE = 2.5
_LEAST_SPREAD = 0.02
"""Where all pictures are nearly one: smaller differences of distance mean nothing."""
_FEW = 10


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """How much one picture's label is doubted."""

    index: int
    """The picture's place in what was asked."""
    doubt: float
    """-1 (surely right) to 1 (surely wrong): the best other class's probability minus the label's own."""
    instead: str
    """The best other class."""
    is_suspect: bool
    """True where another class is as likely as for pictures of its own (Northcutt et al. 2021)."""


def label_issues(unit: NDArray[np.float32], labels: Sequence[str], groups: Sequence[int]) -> list[LabelIssue]:
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
    return [LabelIssue(int(i), float(doubt[i]), names[best[i]], bool(suspect[i])) for i in order]


def outliers(unit: NDArray[np.float32], labels: Sequence[str]) -> list[int]:
    """Places of pictures unlike every class, the strangest first; at most one in fifty, or three.

    Strange is what lies farther from the nearest class mean (so judge Ren et al. 2021) than is usual in its own class,
    by 2.5 times the spread there: median and median absolute deviation, which strangers themselves hardly move
    (Iglewicz & Hoaglin 1993).

    Args:
        unit: L2-normalised embeddings, shape (pictures, dim).
        labels: their classes.
    """
    names, of = np.unique(np.asarray(labels), return_inverse=True)
    if len(unit) <= _FEW:
        return []
    beyond = _to_nearest_mean(unit, of, len(names))
    for name in range(len(names)):
        beyond[of == name] -= np.median(beyond[of == name])
    usual = max(_spread(beyond), _LEAST_SPREAD)
    for name in range(len(names)):
        beyond[of == name] /= max(_spread(beyond[of == name]), usual)
    strange = np.flatnonzero(beyond > _STRANGE)
    order = strange[np.lexsort((strange, -beyond[strange]))]
    return [int(i) for i in order[: max(3, len(unit) // 50)]]


def _to_nearest_mean(unit: NDArray[np.float32], of: NDArray[np.intp], classes: int) -> NDArray[np.float32]:
    sums = np.stack([unit[of == name].sum(0) for name in range(classes)])
    dots, squares = unit @ sums.T, np.tile((sums**2).sum(1), (len(unit), 1))
    # A picture must not draw its own class's mean to itself: taken out of the sum, |s - u|^2 = |s|^2 - 2 s.u + 1.
    own = np.arange(len(unit)), of
    squares[own] += 1 - 2 * dots[own]
    dots[own] -= 1
    likeness = np.where(squares > 1e-3, dots / np.sqrt(np.maximum(squares, 1e-3)), -1).max(1)
    distances: NDArray[np.float32] = np.sqrt(np.maximum(0, 2 - 2 * likeness))
    return distances


def _spread(values: NDArray[np.float32]) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


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
