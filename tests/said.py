"""Answers for the tests of sinks."""

import numpy as np

from whatsit.cameras import Frame
from whatsit.live.answer import Answer, Stats
from whatsit.live.answer_state import AnswerState
from whatsit.models.prediction import Prediction, Predictions


def said(
    label: str | None, state: AnswerState = AnswerState.LABEL, *, score: float = 0.75, time: float | None = None
) -> Answer:
    """An answer; with a small frame where ``time`` is given."""
    items = (Prediction(label, score, 0),) if label is not None else ()
    frame = Frame(np.zeros((8, 8, 3), np.uint8), time, "still:") if time is not None else None
    return Answer(state, label, score, Predictions(items), frame, Stats())
