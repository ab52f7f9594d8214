"""The distance beside an answer is that of the class beside which it stands."""

import pytest

from whatsit import Answer, AnswerState, Prediction, Predictions
from whatsit.live.answer import Stats
from whatsit.studio.watching.recognition import named_distance


@pytest.mark.parametrize(("named", "distance"), [("mug", 3.0), ("ball", 2.0), ("duck", None), (None, None)])
def test_a_steady_answer_shows_how_far_the_class_it_names_is(named: str | None, distance: float | None) -> None:
    frame = (Prediction("ball", 0.6, 1), Prediction("mug", 0.4, 0))  # ball came nearest in this one
    seen = Predictions(frame, distance=2.0, distances=(2.0, 3.0))
    assert named_distance(Answer(AnswerState.LABEL, named, 0.5, seen, None, Stats())) == distance


def test_a_model_file_has_one_distance() -> None:
    seen = Predictions((Prediction("ball", 0.6, 0),), distance=0.7)
    assert named_distance(Answer(AnswerState.LABEL, "ball", 0.6, seen, None, Stats())) == 0.7
