"""Every rule for the distance beyond which a picture is unknown."""

import numpy as np
import pytest

from whatsit import DataError
from whatsit.heads.linear import prototypes
from whatsit.heads.unknown import ENOUGH_HELD_OUT, NOISE, gap_threshold, normalised, reject_threshold


@pytest.fixture(scope="module")
def clouds():
    """30 embeddings of three classes, and 24 further ones."""
    chance = np.random.default_rng(7)
    centres = chance.normal(size=(3, 16)) * 2
    classes = np.arange(30) % 3
    points = (centres[classes] + chance.normal(size=(30, 16))).astype(np.float32)
    held_out = (centres[np.arange(24) % 3] + chance.normal(size=(24, 16))).astype(np.float32)
    return points, classes, [f"class {n}" for n in classes], held_out


def test_leaving_one_out_is_what_teaching_without_it_would_find(clouds):
    points, _, targets, _ = clouds
    distances = []
    for left_out in range(len(points)):
        others = [n for n in range(len(points)) if n != left_out]
        means = prototypes(points[others], [targets[n] for n in others])
        distances.append(means.distances(points[left_out]).min())
    assert reject_threshold(points, targets, 0.25) == pytest.approx(np.quantile(distances, 0.75), abs=1e-5)


def test_with_enough_held_out_pictures_their_own_distances_decide(clouds):
    points, _, targets, held_out = clouds
    means = prototypes(points, targets)
    distances = [means.distances(embedding).min() for embedding in held_out]
    found = reject_threshold(points, targets, 0.1, held_out)
    assert found == pytest.approx(np.quantile(distances, 0.9), abs=1e-6)
    few = held_out[: ENOUGH_HELD_OUT - 1]
    assert reject_threshold(points, targets, 0.1, few) == reject_threshold(points, targets, 0.1)


def test_the_rules_give_what_they_gave_before_they_shared_a_module(clouds):
    points, classes, targets, held_out = clouds
    assert reject_threshold(points, targets) == pytest.approx(0.750474490354444, abs=1e-12)
    assert reject_threshold(points, targets, 0.2) == pytest.approx(0.6260251731452364, abs=1e-12)
    assert reject_threshold(points, targets, held_out=held_out) == pytest.approx(0.7182996869087219, abs=1e-7)
    assert gap_threshold(points, classes, 0.05) == pytest.approx(6.018891153241699, abs=1e-12)
    assert gap_threshold(normalised(points), classes, 0.05) == pytest.approx(0.9079654136307023, abs=1e-12)


def test_no_threshold_is_below_the_noise_of_one_picture(clouds):
    points, classes, targets, _ = clouds
    copies = points[classes]
    assert reject_threshold(copies, targets) == NOISE
    one_class = np.repeat(points[:1], 4, axis=0)
    assert gap_threshold(normalised(one_class), np.zeros(4, np.intp), 0.05) == pytest.approx(NOISE, abs=1e-6)


def test_one_picture_per_class_gives_no_threshold(clouds):
    points, classes, targets, _ = clouds
    assert reject_threshold(points[:3], targets[:3]) is None
    assert gap_threshold(points[:3], classes[:3], 0.05) is None


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan"), "a"])
def test_a_rate_out_of_range_is_refused(clouds, rate):
    points, _, targets, _ = clouds
    with pytest.raises(DataError, match="from 0 to below 1"):
        reject_threshold(points, targets, rate)
