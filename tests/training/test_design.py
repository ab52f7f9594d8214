"""The choices of a training and what they vary."""

import dataclasses

import numpy as np
import pytest

from shape_pictures import shape
from whatsit import Colour, DataError, Fit
from whatsit.datasets.project import Project
from whatsit.imaging.augmentation import NO_AUGMENTATION, Augmentation
from whatsit.training.design import Design, TrainingMode


def test_a_design_survives_the_way_through_whatsit_toml(tmp_path):
    design = Design(
        TrainingMode.FROZEN, "lite0", 96, 7, 1.0, Colour.GREY, Fit.SQUASH, Augmentation(flip=False, rotate=True),
        hidden=32, epochs=5, learning_rate=0.002, class_weights=True, seed=3,
    )  # fmt: skip
    project = Project(tmp_path)
    project.save_settings(dataclasses.replace(project.settings, design=design.to_dict()))
    assert Design.from_dict(Project(tmp_path).settings.design) == design


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"colour": "blue"}, "blue"), ({"size": 8}, "8"), ({"size": "big"}, "big"), ({"sise": 96}, "sise"),
        ({"dropout": 1.5}, "1.5"), ({"augmentation": ["flop"]}, "flop"), ({"epochs": True}, "True"),
        ({"mode": "fine-tune", "backbone": "mine.tflite"}, "mine.tflite"),
        ({"augmentation": "flip"}, "expected a list"),
        ({"blocks": 17}, "blocks 17: expected 1 to 16, the number of blocks in lite0"),
        ({"mode": "fine-tune", "blocks": 5, "unfrozen_blocks": 6}, "unfrozen_blocks 6: expected 0 to 5, the number of"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_named_in_one_line(choices, named):
    with pytest.raises(DataError, match=named) as caught:
        Design.from_dict(choices)
    assert "\n" not in str(caught.value)


def test_views_begin_with_the_picture_and_its_mirror_image_and_are_the_same_every_time():
    pixels = np.asarray(shape("brick", 1, (64, 64)))
    views = list(Augmentation().views(pixels, 5))
    assert np.array_equal(views[0], pixels)
    assert np.array_equal(views[1], pixels[:, ::-1])
    assert len({view.tobytes() for view in views}) == 5
    assert all(np.array_equal(a, b) for a, b in zip(views, Augmentation().views(pixels, 5), strict=True))


@pytest.mark.parametrize("switch", ["zoom", "brightness", "contrast", "rotate"])
def test_each_switch_alone_changes_the_picture_and_keeps_its_shape(switch):
    pixels = np.asarray(shape("leaf", 2, (64, 48)))
    same, varied = dataclasses.replace(NO_AUGMENTATION, **{switch: True}).views(pixels, 2)
    assert np.array_equal(same, pixels)
    assert varied.shape == pixels.shape
    assert varied.dtype == np.uint8
    assert not np.array_equal(varied, pixels)


def test_brightness_moves_by_at_most_a_fifth_of_the_range():
    pixels = np.full((16, 16, 3), 128, np.uint8)
    views = dataclasses.replace(NO_AUGMENTATION, brightness=True).views(pixels, 40)
    means = [view.mean() for view in views]
    assert 77 <= min(means) < 100
    assert 156 < max(means) <= 179


def test_without_switches_there_is_one_view():
    assert len(list(NO_AUGMENTATION.views(np.zeros((8, 8, 3), np.uint8), 9))) == 1


def test_a_narrow_network_has_its_own_usual_epochs_and_rate_and_other_modes_have_no_width():
    whole = Design(mode=TrainingMode.FINE_TUNE)
    narrow = whole.revised({"width": 0.5})
    assert (whole.most_epochs, narrow.most_epochs) == (6, 25) and narrow.rate > whole.rate
    assert (narrow.narrow, whole.narrow, Design(width=0.5).narrow) == (True, False, False)
    assert dataclasses.replace(narrow, epochs=9).revised({"width": 0.35}).epochs == 9
    assert dataclasses.replace(narrow, epochs=9).revised({"width": 1}).epochs is None
    assert "width" in narrow.headline() and "width" not in whole.headline()
    with pytest.raises(DataError, match=r"width 0\.5: expected no value in mode frozen; only fine-tune uses it"):
        Design().revised({"width": 0.5})
    with pytest.raises(DataError, match=r"width 0\.05: expected 0\.1 to 1"):
        Design(mode=TrainingMode.FINE_TUNE, width=0.05)
