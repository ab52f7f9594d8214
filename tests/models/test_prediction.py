"""Answers as values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from whatsit import DataError, Prediction, Predictions
from whatsit.models.prediction import softmax, top_k

CAT = Prediction("cat", 0.75, 1)
DOG = Prediction("dog", 0.25, 0)


def test_predictions_are_a_sequence_best_first():
    answer = Predictions((CAT, DOG))
    assert answer[0] is CAT and answer[-1] is DOG and list(answer) == [CAT, DOG] and len(answer) == 2
    assert answer[:1] == (CAT,) and CAT in answer and [p.label for p in reversed(answer)] == ["dog", "cat"]


def test_predictions_are_values_whatever_picture_they_came_from():
    one = Predictions((CAT, DOG), True, 0.9, image=np.zeros((2, 2, 3), np.uint8))
    same = Predictions((CAT, DOG), True, 0.9, image=np.ones((2, 2, 3), np.uint8))
    assert one == same and hash(one) == hash(same) and len({one, same}) == 1
    assert one != Predictions((CAT, DOG), False, 0.9) and one != Predictions((DOG, CAT), True, 0.9)
    assert repr(one) == repr(same), "the picture does not fill the terminal"


@pytest.mark.parametrize("value", [CAT, Predictions((CAT,))])
def test_an_answer_cannot_be_changed(value):
    with pytest.raises((AttributeError, TypeError)):
        value.label = "dog"


SCORES = arrays(np.float32, st.integers(1, 200), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))


@given(SCORES, st.integers(1, 300))
def test_the_best_come_first_and_equal_scores_keep_the_models_order(scores, k):
    labels = [f"class {index}" for index in range(len(scores))]
    expected = sorted(range(len(scores)), key=lambda index: (-scores[index], index))[:k]
    found = top_k(scores, labels, k)
    assert [p.index for p in found] == expected
    assert all(p.label == labels[p.index] and p.score == scores[p.index] for p in found)


@pytest.mark.parametrize("classes", [3, 1000])
@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_no_classes_is_a_mistake_that_is_told(classes, k):
    with pytest.raises(DataError, match=f"top_k {k}: expected a whole number, 1 or more"):
        top_k(np.zeros(classes, np.float32), ["x"] * classes, k)


@given(arrays(np.float32, st.integers(1, 50), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_softmax_never_overflows(logits):
    scores = softmax(logits)
    assert np.isfinite(scores).all() and abs(scores.sum() - 1) < 1e-4
    assert scores[logits.argmax()] == scores.max()
