"""Answers over time: steady where single frames flicker. A pure function of the answer before and the new frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp

from whatsit.errors import ArgumentError
from whatsit.models.prediction import Predictions
from whatsit.validation import short


class AnswerState(StrEnum):
    """What a live answer says."""

    LABEL = "label"
    UNCERTAIN = "uncertain"
    """The best score is below the threshold."""
    UNKNOWN = "unknown"
    """The picture is farther from every class than the model's threshold."""
    STALE = "stale"
    """No frame came for a while: the answer is old."""


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How answers follow the frames.

    Scores are averaged with weights that decay with age as ``exp(-age / seconds)`` (an exponential moving average for
    frames at uneven times), so the result does not depend on the frame rate. ``margin`` is the hysteresis: another
    class takes over when it leads by that much; a label becomes uncertain when it is that much below ``threshold``.

    Raises:
        ArgumentError: a value out of range.
    """

    threshold: float = 0.5
    """The score below which an answer is uncertain, 0..1."""
    seconds: float = 0.25
    """The time constant, 0..60 seconds; 0: every frame for itself."""
    margin: float = 0.05
    """The hysteresis, 0..1, in units of score."""

    def __post_init__(self) -> None:
        for name, value, high in (
            ("threshold", self.threshold, 1.0),
            ("smoothing seconds", self.seconds, 60.0),
            ("margin", self.margin, 1.0),
        ):
            if not isinstance(value, int | float) or not 0 <= value <= high:
                raise ArgumentError(f"{name} {short(value)}: expected a number from 0 to {high:g}")


@dataclass(frozen=True, slots=True)
class Smoothed:
    """The steady answer at one moment, and what is needed for the next."""

    state: AnswerState
    label: str
    """The leading class, also while it is uncertain or unknown."""
    score: float
    """Its averaged score, 0..1."""
    time: float
    """When the frame was taken, in seconds."""
    scores: Mapping[str, float] = field(repr=False)
    """The averaged score of every class, 0..1."""
    unknown: float = field(repr=False)
    """The averaged verdict *unknown*, 0..1."""


_FAINT = 1e-4
_HALF_BAND = 0.15


def smooth(before: Smoothed | None, predictions: Predictions, time: float, settings: Smoothing) -> Smoothed | None:
    """The answer after one more frame; None while ``predictions`` is empty because nothing is taught yet.

    Args:
        before: the answer to the frame before, or None for the first.
        predictions: this frame's classes, best first.
        time: when this frame was taken, in seconds; an earlier time than the last frame's counts as the same.
        settings: the threshold, the time constant and the hysteresis.
    """
    if not predictions:
        return None
    keep = 0.0
    if before is not None and settings.seconds > 0:
        keep = exp(-max(0.0, time - before.time) / settings.seconds)
    now = {prediction.label: prediction.score for prediction in predictions}
    old = before.scores if before is not None else {}
    mixed = {label: keep * old.get(label, 0.0) + (1 - keep) * now.get(label, 0.0) for label in old.keys() | now.keys()}
    scores = {label: score for label, score in mixed.items() if score > _FAINT or label in now}
    unknown = (1 - keep) * predictions.unknown + (keep * before.unknown if before is not None else 0.0)

    label = max(scores, key=lambda name: (scores[name], name))
    if before is not None and keep > 0 and before.label in scores:
        led_by = scores[label] - scores[before.label]
        label = label if led_by >= settings.margin else before.label
    return Smoothed(
        _state(before, unknown, scores[label], settings, label), label, scores[label], time, scores, unknown
    )


def _state(before: Smoothed | None, unknown: float, score: float, settings: Smoothing, label: str) -> AnswerState:
    was = before.state if before is not None else None
    if unknown > (
        0.5 - _HALF_BAND if was is AnswerState.UNKNOWN else 0.5 + _HALF_BAND if was is AnswerState.LABEL else 0.5
    ):
        return AnswerState.UNKNOWN
    steady = was is AnswerState.LABEL and before is not None and before.label == label
    least = settings.threshold - settings.margin if steady else settings.threshold
    return AnswerState.LABEL if score >= least else AnswerState.UNCERTAIN
