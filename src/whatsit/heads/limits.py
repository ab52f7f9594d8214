"""What the rule for *unknown* (``strangeness``) says of a picture, and the numbers it says it by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FAR, NEAR, MARKED, DISTANCE = "far", "near", "marked", "distance"
"""What ``Verdict.by`` can be; ``DISTANCE`` is the rule of files that earlier versions wrote."""
UNKNOWN_BY: Mapping[str, str] = {
    FAR: "unlike everything taught",
    NEAR: "like things taught, but fits no class",
    MARKED: "like a stranger that was marked",
    DISTANCE: "farther from everything taught than the threshold",
}
"""The same for people."""
_TINY = 1e-6

Layout = tuple[int, int]
"""Groups and width: the end of an embedding that *far* and *marked* look at, as the mean of that many groups."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How strange one picture is."""

    strangeness: float
    """0 upwards; about 0.5 is a usual picture of a taught class, above 1 is unknown."""
    by: str = ""
    """Which measurement said unknown: ``far``, ``near``, ``marked`` or ``distance``; empty: none did."""

    @property
    def unknown(self) -> bool:
        """Whether the picture resembles nothing that was taught."""
        return self.strangeness > 1


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of a measurement over the taught pictures."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: NDArray[np.float64], least: float = 0.0) -> Self:
        """Of measured values; the mean is at least ``least``."""
        return cls(max(float(values.mean()), least), max(float(values.std()), _TINY))

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values in standard deviations from the mean."""
        return (values - self.mean) / self.deviation


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of a rule."""

    far: Scale
    near: Scale
    marked: Scale | None
    """None: no stranger was marked."""
    middle: float
    """The median of the taught pictures' sums: strangeness 0.5."""
    limit: float
    """The sum at strangeness 1."""
    layout: Layout | None = None
    """None: *far* and *marked* look at the whole embedding."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        marked = None if self.marked is None else [self.marked.mean, self.marked.deviation]
        return {
            "far": [self.far.mean, self.far.deviation], "near": [self.near.mean, self.near.deviation],
            "marked": marked, "middle": self.middle, "limit": self.limit,
            "layout": None if self.layout is None else list(self.layout),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """What ``to_dict`` gave.

        Raises:
            KeyError, TypeError, ValueError: something else.
        """
        marked, layout = values["marked"], values["layout"]
        found = cls(
            _scale(values["far"]), _scale(values["near"]), None if marked is None else _scale(marked),
            float(values["middle"]), float(values["limit"]),
            None if layout is None else (int(layout[0]), int(layout[1])),
        )  # fmt: skip
        scales = [scale for scale in (found.far, found.near, found.marked) if scale is not None]
        numbers = [found.middle, found.limit, *(number for one in scales for number in (one.mean, one.deviation))]
        if not np.isfinite(numbers).all() or found.limit <= found.middle or min(found.layout or (1, 1)) < 1:
            raise ValueError("limits")
        return found


def by_distance(distance: float, threshold: float | None) -> Verdict | None:
    """The rule of files that earlier versions wrote: the distance to the nearest class mean against a threshold."""
    if threshold is None:
        return None
    strangeness = distance / max(threshold, _TINY)
    return Verdict(strangeness, DISTANCE if strangeness > 1 else "")


def _scale(values: Any) -> Scale:
    mean, deviation = map(float, values)
    if not deviation > 0:
        raise ValueError("deviation")
    return Scale(mean, deviation)
