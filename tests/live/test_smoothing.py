"""Answers over time: steady, with hysteresis, and never hiding what was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsit.errors import DataError
from whatsit.live.answer_state import AnswerState
from whatsit.live.smoothing import Smoothed, Smoothing, smooth
from whatsit.models.prediction import Prediction, Predictions


def seen(unknown: bool = False, **scores: float) -> Predictions:
    best_first = sorted(scores.items(), key=lambda pair: -pair[1])
    return Predictions(
        tuple(Prediction(label, score, index) for index, (label, score) in enumerate(best_first)), unknown
    )


def follow(frames: list[Predictions], settings: Smoothing, interval: float = 0.1) -> list[Smoothed]:
    answers: list[Smoothed] = []
    before = None
    for number, frame in enumerate(frames):
        before = smooth(before, frame, number * interval, settings)
        assert before is not None
        answers.append(before)
    return answers


def test_without_memory_every_frame_speaks_for_itself() -> None:
    frames = [seen(mug=0.9, book=0.1), seen(book=0.8, mug=0.2), seen(mug=0.4, book=0.3)]
    answers = follow(frames, Smoothing(seconds=0))
    assert [(answer.label, answer.state) for answer in answers] == [
        ("mug", AnswerState.LABEL),
        ("book", AnswerState.LABEL),
        ("mug", AnswerState.UNCERTAIN),
    ]


def test_one_odd_frame_does_not_change_the_answer() -> None:
    mug, book = seen(mug=0.95, book=0.05), seen(book=0.95, mug=0.05)
    answers = follow([mug, mug, mug, book, mug, mug], Smoothing(seconds=0.5))
    assert {answer.label for answer in answers} == {"mug"}


def test_a_lasting_change_is_followed() -> None:
    mug, book = seen(mug=0.95, book=0.05), seen(book=0.95, mug=0.05)
    assert follow([mug] * 10 + [book] * 10, Smoothing(seconds=0.3))[-1].label == "book"


def test_two_classes_in_a_draw_do_not_flicker() -> None:
    frames = [seen(mug=0.51, book=0.49), seen(book=0.51, mug=0.49)] * 20
    answers = follow(frames, Smoothing(seconds=0.05, margin=0.05, threshold=0.3))
    assert {answer.label for answer in answers} == {"mug"}


def test_a_score_that_trembles_around_the_threshold_does_not_flicker() -> None:
    frames = [seen(mug=0.6), *[seen(mug=score) for score in (0.49, 0.51) * 10]]
    answers = follow(frames, Smoothing(seconds=0.05, margin=0.05, threshold=0.5))
    assert {answer.state for answer in answers} == {AnswerState.LABEL}


def test_unknown_keeps_the_nearest_class_in_view() -> None:
    answer = smooth(None, seen(unknown=True, mug=0.9, book=0.1), 0.0, Smoothing())
    assert answer is not None
    assert (answer.state, answer.label, answer.score) == (AnswerState.UNKNOWN, "mug", 0.9)


def test_the_answer_does_not_depend_on_the_frame_rate() -> None:
    mug, book = seen(mug=1.0, book=0.0), seen(book=1.0, mug=0.0)
    slow = follow([mug] * 5 + [book] * 5, Smoothing(), interval=0.1)[-1]
    quick = follow([mug] * 20 + [book] * 20, Smoothing(), interval=0.025)[-1]
    assert slow.label == quick.label == "book"
    assert slow.score == pytest.approx(quick.score, abs=0.06)


def test_nothing_taught_gives_no_answer() -> None:
    assert smooth(None, Predictions(()), 0.0, Smoothing()) is None


@pytest.mark.parametrize("settings", [{"threshold": 1.5}, {"seconds": -1}, {"margin": float("nan")}])
def test_settings_out_of_range_are_refused_by_name(settings: dict[str, float]) -> None:
    with pytest.raises(DataError, match=next(iter(settings))):
        Smoothing(**settings)


scores = st.floats(0, 1)
moments = st.tuples(scores, scores, st.booleans(), st.floats(-1, 5))


@given(st.lists(moments, min_size=1, max_size=30))
def test_scores_stay_between_0_and_1_whatever_comes(frames: list[tuple[float, float, bool, float]]) -> None:
    before, time = None, 0.0
    for mug, book, unknown, step in frames:
        time += step
        before = smooth(before, seen(unknown=unknown, mug=mug, book=book), time, Smoothing())
        assert before is not None
        assert -1e-9 <= before.score <= 1 + 1e-9
        assert 0 <= before.unknown <= 1 + 1e-9
        assert before.label in ("mug", "book")
