"""Steady answers: a verdict counts when it has come often enough in a row, and never longer than it may."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

import whatsit
from whatsit.errors import ArgumentError
from whatsit.live.answer_state import AnswerState
from whatsit.live.hold import UNDECIDED, Held, Hold, Verdict, hold
from whatsit.live.smoothing import Smoothed, Smoothing, smooth
from whatsit.models.prediction import Prediction, Predictions

MUG, BOOK = (AnswerState.LABEL, "mug"), (AnswerState.LABEL, "book")
UNKNOWN: Verdict = (AnswerState.UNKNOWN, None)
verdicts = st.sampled_from([MUG, BOOK, UNKNOWN, UNDECIDED])
frames = st.lists(st.tuples(verdicts, st.floats(0.01, 3)), min_size=1, max_size=40)


def follow(seen: list[tuple[Verdict, float]], settings: Hold) -> list[Held]:
    """What is held after each frame; each comes some seconds after the one before."""
    found: list[Held] = []
    time = 100.0
    for verdict, step in seen:
        time += step
        found.append(hold(found[-1] if found else None, verdict, time, settings))
    return found


def by_hand(seen: list[tuple[Verdict, float]], settings: Hold) -> Verdict:
    """The rule in other words: the last row that is long enough, of those that are not skipped."""
    time, counted = 100.0, []
    for verdict, step in seen:
        time += step
        if not (settings.skip_uncertain and verdict == UNDECIDED):
            counted.append((verdict, time))
    answer = UNDECIDED
    for verdict, group in groupby(counted, key=lambda pair: pair[0]):
        times = [at for _, at in group]
        if len(times) >= settings.frames and times[-1] - times[0] >= settings.seconds:
            answer = verdict
    return answer


@given(frames, st.integers(1, 4), st.sampled_from([0.0, 0.5, 2.0]), st.booleans())
def test_what_is_held_is_the_last_row_that_is_long_enough(
    seen: list[tuple[Verdict, float]], count: int, seconds: float, skip: bool
) -> None:
    settings = Hold(frames=count, seconds=seconds, skip_uncertain=skip)
    for at, held in enumerate(follow(seen, settings), 1):
        assert held.verdict == by_hand(seen[:at], settings)


@given(frames, st.integers(1, 4), st.floats(0, 5), st.booleans())
def test_no_label_outlives_its_last_frame_by_more_than_it_may(
    seen: list[tuple[Verdict, float]], count: int, expire_after: float, skip: bool
) -> None:
    settings = Hold(frames=count, expire_after=expire_after, skip_uncertain=skip)
    time, last = 100.0, dict.fromkeys((MUG, BOOK), -1e9)
    for (verdict, step), held in zip(seen, follow(seen, settings), strict=True):
        time += step
        if verdict in last:
            last[verdict] = time  # type: ignore[index]  # one of the two
        if held.verdict in last:
            assert time - last[held.verdict] <= expire_after  # type: ignore[index]


@given(frames)
def test_by_default_every_frame_decides(seen: list[tuple[Verdict, float]]) -> None:
    assert [held.verdict for held in follow(seen, Hold())] == [verdict for verdict, _ in seen]


def answers(scores: list[tuple[str, float]], settings: Smoothing) -> list[str]:
    before: Smoothed | None = None
    found = []
    for number, (label, score) in enumerate(scores):
        unknown = label == "stranger"
        predictions = Predictions((Prediction("mug" if unknown else label, score, 0),), unknown)
        before = smooth(before, predictions, number * 0.2, settings)
        assert before is not None
        found.append(before.label if before.state is AnswerState.LABEL else before.state.value)
    return found


def test_frigate_s_rule_wants_three_in_a_row_and_does_not_count_weak_frames() -> None:
    scores = [("mug", 0.9), ("mug", 0.85), ("book", 0.5), ("mug", 0.8), ("book", 0.9), ("book", 0.9), ("mug", 0.79)]
    seen = answers([*scores, ("book", 0.95), ("book", 0.3)], Smoothing.frigate())
    assert seen == ["uncertain"] * 3 + ["mug"] * 4 + ["book"] * 2


def test_a_strong_frame_of_another_class_interrupts_a_row() -> None:
    seen = answers([("mug", 0.9), ("mug", 0.9), ("book", 0.9), ("mug", 0.9), ("mug", 0.9)], Smoothing.frigate())
    assert set(seen) == {"uncertain"}


def test_unknown_is_held_as_a_label_is() -> None:
    settings = Smoothing(seconds=0, hold=Hold(frames=2))
    scores = [("mug", 0.9)] * 2 + [("stranger", 0.9), ("mug", 0.9)] + [("stranger", 0.9)] * 2
    assert answers(scores, settings) == ["uncertain", "mug", "mug", "mug", "mug", "unknown"]


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"frames": 1.5}, {"seconds": -1}, {"expire_after": "soon"}])
def test_settings_out_of_range_are_refused_with_their_value(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=str(next(iter(wrong.values())))):
        Hold(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="expected a Hold"):
        whatsit.Smoothing(hold=3)  # type: ignore[arg-type]
