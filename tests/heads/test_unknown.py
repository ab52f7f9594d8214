"""The rule for *unknown*, and the threshold of raw distances."""

import numpy as np
import pytest

from whatsit import DataError, ModelError
from whatsit.heads.limits import Limits
from whatsit.heads.strangeness import MOST_STRANGERS, UnknownRule, class_numbers
from whatsit.heads.unknown import ENOUGH_HELD_OUT, NOISE, gap_threshold, normalised


@pytest.fixture(scope="module")
def clouds():
    """30 embeddings of three classes, and 24 further ones."""
    chance = np.random.default_rng(7)
    centres = chance.normal(size=(3, 16)) * 2
    classes = np.arange(30) % 3
    points = (centres[classes] + chance.normal(size=(30, 16))).astype(np.float32)
    held_out = (centres[np.arange(24) % 3] + chance.normal(size=(24, 16))).astype(np.float32)
    return points, classes, [f"class {n}" for n in classes], held_out


def test_the_threshold_of_raw_distances_is_what_it_was(clouds):
    points, classes, _, _ = clouds
    assert gap_threshold(points, classes, 0.05) == pytest.approx(6.018891153241699, abs=1e-12)
    assert gap_threshold(normalised(points), classes, 0.05) == pytest.approx(0.9079654136307023, abs=1e-12)


def test_no_threshold_of_raw_distances_is_below_the_noise_of_one_picture(clouds):
    one_class = np.repeat(clouds[0][:1], 4, axis=0)
    assert gap_threshold(normalised(one_class), np.zeros(4, np.intp), 0.05) == pytest.approx(NOISE, abs=1e-6)


def test_a_picture_measured_as_left_out_is_measured_as_without_it(clouds):
    """The closed form against classes really made without the picture, from the same centre and spread."""
    points, classes, targets, _ = clouds
    unit = normalised(points)
    rule = UnknownRule.fitted(points, class_numbers(targets))
    own, _ = rule._left_out(unit, unit, classes)
    for left_out in (0, 7, 29):
        others = [n for n in range(30) if n != left_out]
        without = np.array([unit[[n for n in others if classes[n] == c]].mean(axis=0) for c in range(3)])
        centre = rule.means.mean(axis=0)
        apart = normalised((unit[left_out] - centre)[np.newaxis].astype(np.float32))[0]
        near = ((without - centre) / rule.spread**2) @ apart
        assert own[1][left_out] == pytest.approx(-near.max(), rel=1e-4)
        away = np.linalg.norm(without - unit[left_out], axis=1)
        away[classes[left_out]] *= np.sqrt((1 + 1 / 10) / (1 + 1 / 9))
        assert own[0][left_out] == pytest.approx(away.min(), rel=1e-4)


def test_far_and_near_strangers_are_unknown_by_the_measurement_that_tells_them(clouds):
    points, classes, targets, held_out = clouds
    rule = UnknownRule.fitted(points, class_numbers(targets))
    assert sum(rule.judge(one).unknown for one in held_out) <= 3
    far = rule.judge(-points[classes == 0].mean(axis=0))
    assert far.unknown and far.by == "far" and far.strangeness > 1
    known = rule.judge(points[classes == 0].mean(axis=0))
    assert 0 < known.strangeness < 1 and known.by == ""
    between = rule.judge(normalised(points[classes < 2]).mean(axis=0))
    assert between.strangeness > known.strangeness


def test_what_is_like_a_marked_stranger_is_unknown_and_what_was_taught_stays_known():
    chance = np.random.default_rng(3)
    centres = chance.normal(size=(3, 32)) * 2
    relative = centres[0] + chance.normal(size=32) * 1.2

    def near(centre, count):
        return (centre + chance.normal(size=(count, 32))).astype(np.float32)

    points, classes = np.vstack([near(centre, 8) for centre in centres]), np.repeat(np.arange(3), 8)
    plain = UnknownRule.fitted(points, classes)
    marked = UnknownRule.fitted(points, classes, strangers=near(relative, 3))
    asked = near(relative, 40)
    for one in asked:
        assert marked.judge(one).strangeness > plain.judge(one).strangeness
    found = [marked.judge(one) for one in asked]
    assert sum(one.unknown for one in found) > sum(plain.judge(one).unknown for one in asked)
    assert {one.by for one in found} >= {"marked"}
    assert sum(marked.judge(one).unknown for one in points) <= 3
    assert len(UnknownRule.fitted(points, classes, strangers=near(relative, 90)).strangers) == MOST_STRANGERS


def test_with_enough_held_out_pictures_they_are_measured_instead(clouds):
    points, _, targets, held_out = clouds
    numbers = class_numbers(targets)
    plain, few = (UnknownRule.fitted(points, numbers, held_out=h) for h in (None, held_out[: ENOUGH_HELD_OUT - 1]))
    assert few.limits == plain.limits
    assert UnknownRule.fitted(points, numbers, held_out=held_out + 1).limits != plain.limits


def test_the_numbers_inside_a_model_come_back_and_damaged_ones_are_refused(clouds):
    points, _, targets, held_out = clouds
    rule = UnknownRule.fitted(points, class_numbers(targets), strangers=held_out[:2])
    files = rule.to_files()
    again = UnknownRule.from_files(files, rule.means, Limits.from_dict(rule.limits.to_dict()), "model")
    for one in held_out:
        assert again.judge(one).strangeness == pytest.approx(rule.judge(one).strangeness, rel=0.02)
    for name in files:
        with pytest.raises(ModelError, match=f"{name} is missing"):
            UnknownRule.from_files({n: c for n, c in files.items() if n != name}, rule.means, rule.limits, "model")
    with pytest.raises(ModelError, match="has shape"):
        UnknownRule.from_files(files, rule.means[:2], rule.limits, "model")


def test_one_picture_per_class_gives_no_rule(clouds):
    points, classes, targets, _ = clouds
    assert UnknownRule.fitted(points[:3], class_numbers(targets[:3])) is None
    assert gap_threshold(points[:3], classes[:3], 0.05) is None


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan"), "a"])
def test_a_rate_out_of_range_is_refused(clouds, rate):
    points, _, targets, _ = clouds
    with pytest.raises(DataError, match="from 0 to below 1"):
        UnknownRule.fitted(points, class_numbers(targets), rate)
