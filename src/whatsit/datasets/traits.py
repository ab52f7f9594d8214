"""Traits of pictures that a photographer can change: the light, its colour, the distance, the background.

They are read off the small colour thumbnails that the index has of every picture, around the thing rather than on it: a
white mug is bright in any light.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from whatsit.datasets.fingerprint import COLOUR

FEWEST = 3
"""Pictures of a class, and of the others, before they are compared."""
_RING = 2
"""Cells along each side of a thumbnail that count as around the thing."""
_STEPS = {"light": 0.1, "warmth": 0.25, "size": 0.15}
"""Differences that a person sees: of 0..1, of the logarithm of red by blue, of the picture's middle."""
_MOST = 0.5
"""Share of the others' pictures that lie beyond a class's own, from which that is said."""
_PLAIN = 0.1
"""Standard deviation of what is around the thing up to which the thing can be told from it."""
_APART = 0.2
"""Distance in RGB, each 0..1, from which a cell belongs to the thing."""
_NARROW, _VARIED = 0.4, 0.08
"""Backgrounds are alike below this share of what is usual among the others, where that is at least the second."""
_TINY = 1 / 255


class Trait(StrEnum):
    """What pictures of a class lack."""

    DARK = "dark"
    BRIGHT = "bright"
    WARM = "warm"
    """Reddish light, such as a lamp's."""
    COLD = "cold"
    """Bluish light, such as the sky's."""
    NEAR = "near"
    """The thing fills more of the picture."""
    AWAY = "away"
    """The thing fills less of the picture."""
    BACKGROUND = "background"
    """Other things around it."""


_ENDS = {"light": (Trait.DARK, Trait.BRIGHT), "warmth": (Trait.COLD, Trait.WARM), "size": (Trait.AWAY, Trait.NEAR)}


def lacking(colours: NDArray[np.uint8], own: NDArray[np.bool_]) -> Trait | None:
    """What most pictures of the other classes have and hardly any of a class's own; None where nothing stands out.

    Args:
        colours: RGB thumbnails of pictures of all classes, shape (pictures, 16, 16, 3), as in ``Fingerprint.thumb``.
        own: which of them are of the class, shape (pictures,).
    """
    if min(own.sum(), (~own).sum()) < FEWEST:
        return None
    pixels = np.asarray(colours / np.float32(255), np.float32)
    around = pixels[:, _ring()]
    found: list[tuple[float, Trait]] = []
    for name, values in _measured(pixels, around).items():
        mine, others = (values[which & np.isfinite(values)] for which in (own, ~own))
        # Of few plain pictures nothing is said: those that could be measured may be the exception.
        if len(mine) < max(FEWEST, own.sum() / 2) or len(others) < max(FEWEST, (~own).sum() / 2):
            continue
        low, high = np.quantile(mine, (0.1, 0.9))
        below, above = others < low - _STEPS[name], others > high + _STEPS[name]
        found += zip((float(below.mean()), float(above.mean())), _ENDS[name], strict=True)
    share, trait = max(found, key=lambda one: one[0], default=(0.0, None))
    return trait if share >= _MOST else None


def same_background(colours: NDArray[np.uint8], classes: NDArray[np.intp], which: int) -> bool:
    """Whether what is around a class's things varies much less than is usual among the other classes.

    Args:
        colours: as for ``lacking``.
        classes: the class of each, from 0.
        which: the class in question.
    """
    around = np.asarray(colours[:, _ring()] / np.float32(255), np.float32).mean(axis=1)
    sizes = np.bincount(classes)
    others = [one for one in range(len(sizes)) if one != which and sizes[one] >= FEWEST]
    if sizes[which] < FEWEST or not others:
        return False
    usual = float(np.median([_spread(around[classes == one]) for one in others]))
    return usual >= _VARIED and _spread(around[classes == which]) < _NARROW * usual


def _measured(pixels: NDArray[np.float32], around: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Each trait of every picture; not a number where it cannot be told."""
    colour = around.mean(axis=1)
    apart = np.linalg.norm(pixels[:, ~_ring()] - np.median(around, axis=1)[:, np.newaxis], axis=2) > _APART
    plain = around.std(axis=1).max(axis=1) <= _PLAIN
    return {
        "light": colour.mean(axis=1),
        "warmth": np.log((colour[:, 0] + _TINY) / (colour[:, 2] + _TINY)),
        "size": np.where(plain, apart.mean(axis=1), np.nan).astype(np.float32),
    }


def _ring() -> NDArray[np.bool_]:
    ring = np.ones((COLOUR, COLOUR), np.bool_)
    ring[_RING:-_RING, _RING:-_RING] = False
    return ring


def _spread(colours: NDArray[np.float32]) -> float:
    return float(np.sqrt(colours.var(axis=0).sum()))
