"""Labels that the embeddings contradict, by cross-validated class probabilities (Northcutt et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.plugins import EXTRAS

_FOLDS = 5
_C = 3.0
"""Inverse of the L2 penalty. Smaller than for a model: wrong labels must not be memorised."""


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """How likely one picture's label is wrong."""

    index: int
    """The picture's position in the embeddings."""
    severity: float
    """-1 (surely right) to 1 (surely wrong): the probability of the best other class minus that of the label."""
    suggested_label: str
    """The best other class."""
    is_issue: bool
    """True where that class is at least as probable as it is on average for its own pictures (confident learning,
    Northcutt et al. 2021)."""


def label_issues(unit: NDArray[np.float32], labels: Sequence[str], groups: Sequence[int]) -> list[LabelIssue]:
    """The label of every picture, the most severe issue first.

    Probabilities are out-of-sample: each picture's come from a logistic regression on the embeddings of the others,
    without its near-copies (5-fold cross-validation by group, stratified by class).

    Args:
        unit: L2-normalised embeddings, shape (pictures, dim).
        labels: the class of each picture, length pictures.
        groups: equal numbers for near-copies of each other, length pictures.

    Returns:
        One issue for each picture; nothing where there are fewer than two classes.
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
    severity = others[rows, best] - own
    is_issue = (severity > 0) & (others[rows, best] >= usual[best])
    order = np.lexsort((rows, -severity))
    return [LabelIssue(int(i), float(severity[i]), names[best[i]], bool(is_issue[i])) for i in order]


def _out_of_fold(
    unit: NDArray[np.float32], targets: NDArray[np.intp], groups: NDArray[np.intp], classes: int
) -> NDArray[np.float32]:
    with EXTRAS["teach"].imports("the search for wrong labels"):
        from sklearn.linear_model import LogisticRegression

    folds = _folds(targets, groups)
    scores = np.full((len(targets), classes), 1 / classes, np.float32)
    for fold in range(_FOLDS):
        taught = folds != fold
        present = np.unique(targets[taught])
        if taught.all() or len(present) < 2:
            continue
        model = LogisticRegression(C=_C, max_iter=200, tol=1e-3)
        model.fit(unit[taught], targets[taught])
        scores[~taught] = 0
        asked = np.flatnonzero(~taught)
        scores[np.ix_(asked, present)] = model.predict_proba(unit[asked])
    return scores


def _folds(targets: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    # Round-robin within each class, whole groups together: stratified, and the same every time.
    fold_of_group: dict[int, int] = {}
    turn: dict[int, int] = {}
    folds = np.empty(len(targets), np.intp)
    for at, (target, group) in enumerate(zip(targets.tolist(), groups.tolist(), strict=True)):
        if group not in fold_of_group:
            fold_of_group[group] = turn.get(target, 0) % _FOLDS
            turn[target] = turn.get(target, 0) + 1
        folds[at] = fold_of_group[group]
    return folds
