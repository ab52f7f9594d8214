"""Outliers: pictures unlike every class, which may not belong in the dataset."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue

_LIMIT = 2.5
_LEAST_SPREAD = 0.02
"""Of distances. Where all pictures are nearly identical, smaller differences mean nothing."""
_TOO_FEW = 10


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each outlier; nothing without embeddings."""
    if examination.unit is None:
        return
    for at in outliers(examination.unit, [picture.label for picture in examination.labelled]):
        picture = examination.labelled[at]
        message = f"Unlike every other picture; does it belong to {picture.label}?"
        fix = Fix(Action.DELETE, (picture.key,))
        yield Finding(Kind.OUTLIER, (picture.key,), message, fix, picture.label)


def outliers(unit: NDArray[np.float32], labels: Sequence[str]) -> list[int]:
    """Positions of pictures unlike every class, the farthest first; at most one in fifty, or three.

    The score of a picture is its distance to the nearest class mean (as in Ren et al. 2021), its own class's mean
    computed without it, minus the median of its class, in units of the spread there (median absolute deviation, which
    outliers themselves hardly move: Iglewicz & Hoaglin 1993). Beyond 2.5 it is an outlier.

    Args:
        unit: L2-normalised embeddings, shape (pictures, dim).
        labels: the class of each picture, length pictures.

    Returns:
        Positions in ``unit``; nothing for ten pictures or fewer.
    """
    names, of = np.unique(np.asarray(labels), return_inverse=True)
    if len(unit) <= _TOO_FEW:
        return []
    beyond = _to_nearest_mean(unit, of, len(names))
    for name in range(len(names)):
        beyond[of == name] -= np.median(beyond[of == name])
    usual = max(_spread(beyond), _LEAST_SPREAD)
    for name in range(len(names)):
        beyond[of == name] /= max(_spread(beyond[of == name]), usual)
    far = np.flatnonzero(beyond > _LIMIT)
    order = far[np.lexsort((far, -beyond[far]))]
    return [int(i) for i in order[: max(3, len(unit) // 50)]]


def _to_nearest_mean(unit: NDArray[np.float32], of: NDArray[np.intp], classes: int) -> NDArray[np.float32]:
    sums = np.stack([unit[of == name].sum(0) for name in range(classes)])
    dots, squares = unit @ sums.T, np.tile((sums**2).sum(1), (len(unit), 1))
    # Without the picture in its own class's mean: for the sum s and the unit vector u, |s - u|^2 = |s|^2 - 2 s.u + 1.
    own = np.arange(len(unit)), of
    squares[own] += 1 - 2 * dots[own]
    dots[own] -= 1
    likeness = np.where(squares > 1e-3, dots / np.sqrt(np.maximum(squares, 1e-3)), -1).max(1)
    distances: NDArray[np.float32] = np.sqrt(np.maximum(0, 2 - 2 * likeness))
    return distances


def _spread(values: NDArray[np.float32]) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


OUTLIER = Issue(Kind.OUTLIER, find)
