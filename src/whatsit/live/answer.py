"""What the camera sees, as of one frame."""

import time as clock
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from whatsit.cameras import Frame
from whatsit.live.answer_state import AnswerState
from whatsit.models.prediction import Predictions


@dataclass(frozen=True, slots=True)
class Stats:
    """How the live engine is doing, over its last answers."""

    fps: float = 0.0
    """Answers per second."""
    prepare_ms: float = 0.0
    """Crop and resize of one frame, in milliseconds."""
    inference_ms: float = 0.0
    """The network on one frame, in milliseconds; repeated answers, which take none, are left out."""
    age_ms: float = 0.0
    """From the taking of the frame to its answer, in milliseconds."""
    answers: int = 0
    """Frames answered for since the start."""
    repeated: int = 0
    """Those among them that showed exactly what the one before did, so that nothing was recognised again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the camera sees, as of one frame. ``str(answer)`` is one line for people; notebooks show the frame too."""

    state: AnswerState
    label: str | None
    """The leading class after smoothing, also while uncertain, unknown or stale; None before there is a class."""
    score: float
    """The score of ``label``, 0..1, after smoothing."""
    predictions: Predictions
    """This frame alone, best first."""
    frame: Frame | None = field(repr=False)
    """The frame it is about; None before the first."""
    stats: Stats = field(repr=False)
    repeated: bool = False
    """Whether the frame shows exactly what the one before did, and ``predictions`` are that one's."""
    model: int = field(default=0, repr=False)
    """Which of the engine's models answered: 0 for the first, one more after each replacement."""

    @property
    def time(self) -> float:
        """When the frame was taken, in seconds since 1970; 0 before the first."""
        return self.frame.time if self.frame is not None else 0.0

    @property
    def verdict(self) -> tuple[AnswerState, str | None]:
        """The state, and the label where it is known: an answer is news when this differs from the one before."""
        return self.state, self.label if self.state is AnswerState.LABEL else None

    def to_dict(self) -> dict[str, Any]:
        """The answer as a JSON document, without its frame."""
        return {
            "time": round(self.time, 3),
            "state": self.state.value,
            "label": self.label,
            "score": round(self.score, 4),
            "distance": self.predictions.distance,
            "unknown": self.predictions.unknown,
            "strangeness": self.predictions.strangeness,
            "unknown_by": self.predictions.unknown_by,
            "predictions": [{"label": p.label, "score": round(p.score, 4), "index": p.index} for p in self.predictions],
            "fps": round(self.stats.fps, 2),
            "inference_ms": round(self.stats.inference_ms, 2),
            "age_ms": round(self.stats.age_ms, 1),
            "repeated": self.repeated,
        }

    def _repr_html_(self) -> str:
        """In a notebook: the frame beside its classes, and the line for people."""
        picture = self.frame.image if self.frame is not None else None
        return f"<div>{escape(str(self))}{replace(self.predictions, image=picture)._repr_html_()}</div>"

    def __str__(self) -> str:
        when = clock.strftime("%H:%M:%S", clock.localtime(self.time or clock.time()))
        if self.state is AnswerState.LABEL:
            return f"{when}  {self.label}  {self.score:.2f}"
        if self.state is AnswerState.STALE:
            return f"{when}  stale: no picture {'yet' if self.frame is None else 'since'}"
        nearest = f" (nearest: {self.label} {self.score:.2f})" if self.label is not None else ""
        return f"{when}  {self.state.value}{nearest}"
