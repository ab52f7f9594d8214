"""What cross-validation chooses: the fit that tells classes apart, a regularisation, and nothing by accuracy alone."""

import numpy as np
import pytest

from whatsit.heads.learners.centroid import CENTROID
from whatsit.heads.learners.logistic import LOGISTIC
from whatsit.heads.sampling import evenly
from whatsit.heads.selection import Selection, select
from whatsit.imaging.preprocess import Fit


def cloud(count, centre, seed):
    return np.random.default_rng(seed).normal(centre, 1, (count, 16)).astype(np.float32)


@pytest.fixture
def uneven():
    """Ninety of one class and six of another that lies apart."""
    return np.concatenate([cloud(90, 0, 1), cloud(6, 1.5, 2)]), ["common"] * 90 + ["rare"] * 6


def test_the_fit_under_which_classes_lie_apart_is_chosen_and_said(uneven):
    apart, targets = uneven
    alike = cloud(len(targets), 0, 3)
    found = select({Fit.COVER: alike, Fit.SQUASH: apart}, targets, LOGISTIC)
    assert found.fit is Fit.SQUASH and dict(found.fits)[Fit.SQUASH] < dict(found.fits)[Fit.COVER]
    assert found.regularisation in LOGISTIC.strengths
    assert "fit squash, regularisation" in found.text and "cover" in found.text
    assert Selection.from_dict(found.to_dict()) == found


def test_a_rare_class_counts_as_much_as_a_common_one(uneven):
    points, targets = uneven
    head = LOGISTIC(points, targets)
    answers = np.array(head.labels)[head.scores(np.concatenate([cloud(50, 0, 4), cloud(50, 1.5, 5)])).argmax(axis=1)]
    assert np.mean(answers[50:] == "rare") >= 0.9
    assert np.mean(answers[:50] == "common") >= 0.9


def test_one_picture_a_class_leaves_nothing_to_hold_out():
    found = select({Fit.COVER: np.eye(2, 8, dtype=np.float32)}, ["a", "b"], LOGISTIC)
    assert found.score is None and found.regularisation is None
    assert "too few pictures" in found.text


def test_a_learner_without_regularisation_is_judged_too(uneven):
    found = select({Fit.COVER: uneven[0]}, uneven[1], CENTROID)
    assert found.regularisation is None and found.score > 0.8


def test_a_sample_keeps_small_classes_whole():
    targets = ["common"] * 900 + ["rare"] * 6 + ["some"] * 40
    kept = [targets[place] for place in evenly(targets, 100)]
    assert (kept.count("rare"), kept.count("some"), kept.count("common")) == (6, 40, 54)
    assert len(evenly(targets, 10_000)) == len(targets)
