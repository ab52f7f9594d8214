"""Answers over time: steady where single frames flicker. A pure function of the answer before and the new frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp

from whatsit.errors import ArgumentError
from whatsit.live.answer_state import AnswerState
from whatsit.live.hold import Held, Hold, hold
from whatsit.models.prediction import Predictions
from whatsit.validation import instance, short


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How answers follow the frames.

    Scores are averaged with weights that decay with age as ``exp(-age / seconds)`` (an exponential moving average for
    frames at uneven times), so the result does not depend on the frame rate. ``margin`` is the hysteresis: another
    class takes over when it leads by that much; a label becomes uncertain when it is that much below ``threshold``.
    What comes of that is one frame's verdict; ``hold`` says how many of them make an answer.

    Raises:
        ArgumentError: a value out of range.
    """

    threshold: float = 0.5
    """The score below which an answer is uncertain, 0..1."""
    seconds: float = 0.25
    """The time constant, 0..60 seconds; 0: every frame for itself."""
    margin: float = 0.05
    """The hysteresis, 0..1, in units of score."""
    hold: Hold = field(default_factory=Hold)
    """How long something must be seen before it is the answer."""

    @classmethod
    def frigate(cls) -> "Smoothing":
        """Frigate's rule: three frames in a row of one class at 0.8 or more; frames below that are not counted."""
        return cls(threshold=0.8, seconds=0.0, margin=0.0, hold=Hold(frames=3, skip_uncertain=True))

    def __post_init__(self) -> None:
        for name, value, high in (
            ("threshold", self.threshold, 1.0),
            ("smoothing seconds", self.seconds, 60.0),
            ("margin", self.margin, 1.0),
        ):
            if not isinstance(value, int | float) or not 0 <= value <= high:
                raise ArgumentError(f"{name} {short(value)}: expected a number from 0 to {high:g}")
        instance(self.hold, Hold, "a Hold, such as Hold(frames=3)")


@dataclass(frozen=True, slots=True)
class Smoothed:
    """The steady answer at one moment, and what is needed for the next."""

    state: AnswerState
    """What is held."""
    label: str
    """The class that is held; while it is uncertain or unknown, the leading one."""
    score: float
    """Its averaged score, 0..1."""
    time: float
    """When the frame was taken, in seconds."""
    scores: Mapping[str, float] = field(repr=False)
    """The averaged score of every class, 0..1."""
    unknown: float = field(repr=False)
    """The averaged verdict *unknown*, 0..1."""
    seen: tuple[AnswerState, str] = field(repr=False)
    """The state and the leading class before anything is held."""
    held: Held = field(repr=False)


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
    was, leading = before.seen if before is not None else (None, None)
    if keep > 0 and leading in scores:
        label = label if scores[label] - scores[leading] >= settings.margin else leading
    state = _state(was, unknown, scores[label], settings, leading == label)
    held = hold(
        before.held if before is not None else None,
        (state, label) if state is AnswerState.LABEL else (state, None),
        max(time, before.time) if before is not None else time,
        settings.hold,
    )
    shown = held.verdict[1] or label
    return Smoothed(held.verdict[0], shown, scores.get(shown, 0.0), time, scores, unknown, (state, label), held)


def _state(was: AnswerState | None, unknown: float, score: float, settings: Smoothing, same_label: bool) -> AnswerState:
    if unknown > (
        0.5 - _HALF_BAND if was is AnswerState.UNKNOWN else 0.5 + _HALF_BAND if was is AnswerState.LABEL else 0.5
    ):
        return AnswerState.UNKNOWN
    steady = was is AnswerState.LABEL and same_label
    least = settings.threshold - settings.margin if steady else settings.threshold
    return AnswerState.LABEL if score >= least else AnswerState.UNCERTAIN
