"""Learners: functions from embeddings and labels to a linear head."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from installed_package import installed_here, write_package
from whatsit import BackboneChoice, Classifier, DataError, teach, verify
from whatsit.errors import PluginError
from whatsit.heads.learner import Learner
from whatsit.heads.learners import LEARNERS
from whatsit.heads.learners.centroid import nearest_centroid
from whatsit.heads.learners.logistic import INVERSE_PENALTY, LOGISTIC, REGULARISATION, logistic_regression
from whatsit.heads.whitening import MOST_LANDMARKS, SHRINKAGE


@pytest.fixture(scope="module")
def clouds():
    chance = np.random.default_rng(1)
    centres = chance.normal(size=(4, 20)) * 2
    targets = [f"class {n % 4}" for n in range(200)]
    points = np.abs(np.stack([centres[n % 4] + chance.normal(size=20) for n in range(200)])).astype(np.float32)
    return points, targets


def two_classes(clouds):
    points, targets = clouds
    kept = [name in ("class 0", "class 1") for name in targets]
    return points[kept], [name for name in targets if name in ("class 0", "class 1")]


def white(points, targets):
    """Points, standardised and whitened by the covariance within classes, classes weighed evenly."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    standard = (points - points.mean(axis=0)) / (points.std(axis=0) + 0.01 * lengths.mean())
    names = np.array(targets)
    within = np.mean([np.cov(standard[names == label].T, bias=True) for label in sorted(set(targets))], axis=0)
    values, vectors = np.linalg.eigh(within / (SHRINKAGE * within.trace() / len(within)) + np.eye(len(within)))
    found = standard @ (vectors / np.sqrt(values)) @ vectors.T
    return found / np.sqrt((found**2).mean())


@pytest.mark.parametrize("pick", [lambda clouds: clouds, two_classes], ids=["four classes", "two classes"])
def test_the_head_is_the_mean_of_scikit_learns_logistic_and_ridge_regression(clouds, pick):
    points, targets = pick(clouds)
    points /= np.linalg.norm(
        points, axis=1, keepdims=True
    )  # of one length already: the head sees what it was fitted on
    head = logistic_regression(points, targets)
    x, indicators = white(points, targets), np.array(targets)[:, np.newaxis] == head.labels
    balance = 1 / indicators.sum(axis=0)[np.searchsorted(head.labels, targets)] / len(head.labels)
    logistic = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=1000, tol=1e-6).fit(x, targets)
    ridge = Ridge(REGULARISATION * x.shape[1] / len(x)).fit(x, indicators.astype(float), balance)
    logits, other = logistic.decision_function(x), ridge.predict(x)
    if logits.ndim == 1:
        logits = np.stack([-logits, logits], axis=1) / 2
    expected = np.exp((logits + other * logits.std() / other.std()) / 2)
    np.testing.assert_allclose(head.scores(points), expected / expected.sum(axis=1, keepdims=True), atol=5e-3)
    assert head.labels == tuple(logistic.classes_)


def test_lengths_that_hardly_differ_do_not_count():
    chance = np.random.default_rng(7)
    targets = ["one", "other"] * 20
    points = (chance.normal(size=(40, 12)) + np.where(np.arange(40) % 2, 3, -3)[:, np.newaxis]).astype(np.float32)
    points *= 10 / np.linalg.norm(points, axis=1, keepdims=True)
    stretched = points * chance.uniform(0.9, 1.1, (40, 1)).astype(np.float32)
    one, two = (logistic_regression(taught, targets).scores(points) for taught in (points, stretched))
    np.testing.assert_allclose(one, two, atol=0.02)


def test_lengths_that_tell_classes_apart_count():
    chance = np.random.default_rng(8)
    targets = ["dark", "light"] * 20
    points = (np.ones(12) + chance.normal(size=(40, 12)) / 20) * np.where(np.arange(40) % 2, 4, 1)[:, np.newaxis]
    head = logistic_regression(points.astype(np.float32), targets)
    assert [head.labels[best] for best in head.scores(points.astype(np.float32)).argmax(axis=1)] == targets


def test_more_pictures_than_landmarks_are_all_learnt_from():
    chance = np.random.default_rng(3)
    targets = [f"class {n % 3}" for n in range(MOST_LANDMARKS + 500)]
    centres = chance.normal(size=(3, 40)) + 3
    points = (centres[np.arange(len(targets)) % 3] + chance.normal(size=(len(targets), 40))).astype(np.float32)
    scores = logistic_regression(points, targets).scores(points)
    assert np.mean(scores.argmax(axis=1) == np.arange(len(targets)) % 3) >= 0.99


def test_copies_of_one_picture_under_two_labels_give_finite_scores():
    points = np.ones((40, 8), np.float32)
    scores = logistic_regression(points, ["a", "b"] * 20).scores(points)
    np.testing.assert_allclose(scores, 0.5, atol=0.01)


def test_scores_of_held_out_pictures_are_those_of_heads_fitted_without_them(clouds):
    points, targets = clouds
    folds = np.arange(len(points)) // 4 % 5 + 1
    quick = LOGISTIC.held_out_scores(points, targets, folds, LOGISTIC.strengths, len(points))
    slow = dataclasses.replace(LOGISTIC, held_out=None).held_out_scores(points, targets, folds, LOGISTIC.strengths, 200)
    for strength in LOGISTIC.strengths:
        assert (quick[strength].argmax(axis=1) == slow[strength].argmax(axis=1)).mean() >= 0.97
        assert np.abs(quick[strength] - slow[strength]).mean() < 0.05


@pytest.mark.parametrize("normalise", [True, False])
def test_the_centroid_head_names_the_nearest_mean(clouds, normalise):
    points, targets = clouds
    head = nearest_centroid(points, targets, normalise=normalise)
    lengths, names = np.linalg.norm(points, axis=1, keepdims=True), np.array(targets)
    prepared = points / lengths if normalise else points
    means = np.stack([prepared[names == label].mean(axis=0) for label in head.labels])
    nearest = np.linalg.norm(prepared[:, np.newaxis] - means, axis=2).argmin(axis=1)
    assert (head.scores(points).argmax(axis=1) == nearest).all()
    np.testing.assert_allclose(head.scores(points).sum(axis=1), 1, atol=1e-5)


def test_a_zero_embedding_gets_finite_scores():
    head = nearest_centroid(np.eye(3, dtype=np.float32), ["a", "b", "c"])
    assert np.isfinite(head.scores(np.zeros((1, 3), np.float32))).all()


def test_the_table_holds_each_learner_under_its_own_name():
    assert list(LEARNERS)[:2] == ["logistic", "centroid"]
    assert all(learner.name == name and learner.description for name, learner in LEARNERS.items())


@pytest.mark.parametrize("learner", ["logistic", "centroid"])
def test_teach_uses_the_learner_of_that_name_and_its_file_verifies(patches, learner):
    model = teach(patches, BackboneChoice(size=64), learner=learner)
    direct = LEARNERS[learner]
    embedder = model.backbone.open()
    features = np.stack([embedder.embed(picture) for picture, _ in patches])
    expected = direct(features, [label for _, label in patches], model.selection.regularisation)
    np.testing.assert_allclose(model.head.weights, expected.weights, atol=1e-6)
    for dtype in ("int8", "float32"):
        content = model.to_tflite(dtype)
        assert verify(content) == []
        answers = Classifier(content).classify_many([picture for picture, _ in patches])
        right = [answer[0].label == label for answer, (_, label) in zip(answers, patches, strict=True)]
        assert np.mean(right) >= 0.9


def test_an_unknown_learner_is_refused_before_any_picture_is_read():
    with pytest.raises(DataError, match="learner 'forest': expected one of logistic, centroid"):
        teach([("absent.jpg", "a"), ("gone.jpg", "b")], learner="forest")


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda head: "no head", "gave a str, expected a LinearHead"),
        (lambda head: dataclasses.replace(head, labels=head.labels[::-1]), "in sorted order"),
        (lambda head: dataclasses.replace(head, weights=head.weights[:, :-1]), "weights of shape"),
        (lambda head: dataclasses.replace(head, bias=head.bias * np.nan), "not finite"),
    ],
)
def test_a_head_that_does_not_go_with_what_was_taught_is_refused_by_the_learners_name(clouds, spoilt, reason):
    broken = Learner("broken", "", lambda points, targets: spoilt(nearest_centroid(points, targets)))
    with pytest.raises(PluginError, match=f"learner 'broken': .*{reason}"):
        broken(*clouds)


def test_a_package_adds_a_learner_by_name(patches, tmp_path, monkeypatch):
    source = """
from whatsit.heads.learner import Learner
from whatsit.heads.learners.centroid import nearest_centroid
SHARP = Learner("sharp", "nearest raw mean", lambda points, targets: nearest_centroid(points, targets, normalise=False))
"""
    points = {"whatsit.learners": {"sharp": "sharp_heads:SHARP"}}
    installed_here(monkeypatch, write_package(tmp_path / "packages", "sharp_heads", source, points), LEARNERS)
    model = teach(patches, BackboneChoice(size=32), learner="sharp")
    assert not model.head.normalise and verify(model.to_tflite()) == []
    with pytest.raises(DataError, match="learner 'forest': expected one of logistic, centroid, sharp"):
        teach(patches, BackboneChoice(size=32), learner="forest")
