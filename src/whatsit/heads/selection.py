"""What cross-validation chose for a head: the fit of its pictures and its regularisation, by balanced accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.learner import Learner
from whatsit.heads.sampling import evenly, stratified_folds
from whatsit.imaging.preprocess import Fit

Floats = NDArray[np.float32]

MOST_PICTURES = 600
"""Pictures that take part at most: more would choose the same and take longer."""
_TIE = 0.1
"""How much a nat of loss counts beside accuracy: with few pictures many choices are equally accurate."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The choice, and how good it and the others were on pictures held out in turn."""

    fit: Fit
    regularisation: float | None = None
    """None: the learner has none to choose, or uses its own."""
    score: float | None = None
    """Balanced accuracy on pictures held out in turn, 0..1; None: too few pictures, nothing was compared."""
    pictures: int = 0
    """How many took part."""
    fits: tuple[tuple[Fit, float], ...] = ()
    """Each fit compared, and its loss on held-out pictures in nats, the mean over the classes; empty: none was."""

    @property
    def text(self) -> str:
        """The choice in one line."""
        chosen = [f"fit {self.fit}"] if self.fits else []
        if self.regularisation is not None:
            chosen.append(f"regularisation {self.regularisation:g}")
        what = ", ".join(chosen) or f"fit {self.fit}"
        if self.score is None:
            return f"{what}: as usual, there are too few pictures to compare others"
        others = ", ".join(f"{fit} {loss:.2f}" for fit, loss in self.fits)
        compared = f"; loss of the fits compared: {others}" if others else ""
        return f"{what}: balanced accuracy {self.score:.1%} in cross-validation on {self.pictures} pictures{compared}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Selection":
        """What ``to_dict`` gave.

        Raises:
            KeyError, TypeError, ValueError: something else.
        """
        strength, score = values["regularisation"], values["score"]
        return cls(
            Fit(values["fit"]),
            None if strength is None else float(strength),
            None if score is None else float(score),
            int(values["pictures"]),
            tuple((Fit(fit), float(one)) for fit, one in values["fits"]),
        )


def select(
    variants: Mapping[Fit, Floats],
    targets: Sequence[str],
    learner: Learner,
    strengths: Sequence[float] | None = None,
    total: int | None = None,
) -> Selection:
    """Choose the fit, then the regularisation, by stratified cross-validation.

    The fit with the least loss, the mean over the classes, is chosen: with few pictures accuracy moves in steps too
    large to tell fits apart. Of its regularisations the one with the best balanced accuracy; where that is nearly
    equal, the least loss.

    Args:
        variants: raw embeddings of the same pictures under each fit to choose from, shape (pictures, dim).
        targets: the label of each picture.
        learner: fits the heads.
        strengths: the regularisations to choose from; None: the learner's.
        total: pictures that the head will be fitted on, where these are a sample of them; None: these.
    """
    chosen = evenly(targets, MOST_PICTURES)
    names = np.asarray(targets)[chosen]
    folds = stratified_folds(names)
    if not folds.any():
        return Selection(next(iter(variants)), pictures=len(names))
    held, truth = folds > 0, np.unique(names, return_inverse=True)[1]
    found: dict[tuple[Fit, float | None], tuple[float, float]] = {}
    for fit, everything in variants.items():
        tried = learner.strengths if strengths is None else strengths
        scores = learner.held_out_scores(everything[chosen], names.tolist(), folds, tried, total or len(targets))
        found.update({(fit, strength): _measured(one[held], truth[held]) for strength, one in scores.items()})
    fit, _ = min(found, key=lambda key: found[key][1])
    _, strength = best = max((key for key in found if key[0] is fit), key=lambda key: _value(found[key]))
    compared = [(one, min(loss for key, (_, loss) in found.items() if key[0] is one)) for one in variants]
    fits = tuple((one, round(loss, 4)) for one, loss in compared) if len(variants) > 1 else ()
    return Selection(fit, strength, round(found[best][0], 4), len(names), fits)


def _value(measured: tuple[float, float]) -> float:
    accuracy, loss = measured
    return accuracy - _TIE * loss


def _measured(scores: Floats, truth: NDArray[np.intp]) -> tuple[float, float]:
    """Balanced accuracy, 0..1, and the mean loss of the classes, in nats."""
    right = scores.argmax(axis=1) == truth
    losses = -np.log(np.maximum(scores[np.arange(len(truth)), truth], 1e-6))
    classes = np.unique(truth)
    return (
        float(np.mean([right[truth == one].mean() for one in classes])),
        float(np.mean([losses[truth == one].mean() for one in classes])),
    )
