"""A sample of pictures that keeps small classes whole."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


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
