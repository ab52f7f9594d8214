"""A model's answer, and what corrected pictures say about it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.exemplars import NOTHING, Exemplars, Verdict
from whatsit.heads.limits import MARKED
from whatsit.models.prediction import Prediction, Predictions


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An answer, and what it is compared with corrected pictures by."""

    predictions: Predictions
    """The classes of the model, best first."""
    unit: NDArray[np.float32] | None = None
    """The L2-normalised embedding, shape (dim,); None for models that give none."""
    nearest: float | None = None
    """Its distance to the nearest mean of a class, 0..2."""

    def verdict(self, exemplars: Exemplars) -> Verdict | None:
        """What the corrected picture that looks like this one says; None where there is none."""
        return None if self.unit is None or self.nearest is None else exemplars.verdict(self.unit, self.nearest)

    def corrected(self, exemplars: Exemplars = NOTHING) -> Predictions:
        """The answer with the corrections: unchanged where no corrected picture looks like this one."""
        verdict = self.verdict(exemplars)
        if verdict is None:
            return self.predictions
        before = self.predictions
        if verdict.label is None:
            strange = max(before.strangeness or 0.0, 0.5 + verdict.score)  # at the end of the reach just unknown
            return replace(before, unknown=True, strangeness=strange, unknown_by=MARKED)
        away = before.distances or (0.0,) * len(before)
        others = [(one, far) for one, far in zip(before, away, strict=True) if one.label != verdict.label]
        own = [(one, far) for one, far in zip(before, away, strict=True) if one.label == verdict.label]
        index, far = (own[0][0].index, own[0][1]) if own else (-1, verdict.distance)
        left = (1 - verdict.score) / (sum(one.score for one, _ in others) or 1.0)
        first = Prediction(verdict.label, verdict.score, index)
        items = (first, *(replace(one, score=one.score * left) for one, _ in others))
        distances = (far, *(far for _, far in others)) if before.distances else ()
        room = max(len(before), 1)
        strangeness = None if before.strangeness is None else min(before.strangeness, 1 - verdict.score)
        return replace(
            before, items=items[:room], distances=distances[:room],
            unknown=False, strangeness=strangeness, unknown_by="",
        )  # fmt: skip
