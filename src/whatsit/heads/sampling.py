"""Samples of pictures that keep small classes whole, and folds that have a share of every class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def evenly(targets: Sequence[str] | NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The places of at most ``most`` pictures, in order: all of small classes, equally many of the others."""
    names, sizes = np.unique(np.asarray(targets), return_counts=True)
    left, share, waiting = most, most, len(names)
    for size in sorted(sizes):
        share = left // waiting
        left, waiting = left - min(size, share), waiting - 1
    random = np.random.default_rng(0)
    kept = [random.permutation(np.flatnonzero(np.asarray(targets) == name))[: max(share, 1)] for name in names]
    return np.sort(np.concatenate(kept))


def stratified_folds(names: NDArray[np.str_]) -> NDArray[np.int64]:
    """The fold of each picture, from 1; 0: never held out, as it is alone in its class."""
    random = np.random.default_rng(0)
    folds = np.zeros(len(names), np.int64)
    first = 0
    for name in np.unique(names):
        members = random.permutation(np.flatnonzero(names == name))
        if len(members) > 1:
            folds[members] = (first + np.arange(len(members))) % FOLDS + 1
            first += len(members)
    return folds
