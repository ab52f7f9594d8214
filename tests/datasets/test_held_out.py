"""Holding out pictures of classes that were taken in one go."""

import io

import numpy as np
import pytest
from PIL import Image

from whatsit.datasets.held_out import hold_out
from whatsit.datasets.issues.check import check
from whatsit.datasets.issues.finding import Action, Kind
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split


def scene(seed, shift=0):
    """A picture like no other seed's; with a shift, a near-copy of the one without."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(coarse).resize((96, 72), Image.Resampling.BICUBIC)
    picture.point(lambda value: min(255, value + shift)).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture
def dataset(tmp_path):
    with Project(tmp_path / "things") as project:
        yield project.dataset


def press(dataset, label, pictures, burst="one", begin=0):
    for second, picture in enumerate(pictures):
        dataset.add(picture, label, burst=burst, time=1_000_000 + begin + second)


def by_time(dataset, label):
    return [one.split.value for one in sorted(dataset.pictures(label), key=lambda one: one.time)]


def test_one_press_is_cut_by_time_with_validation_between_training_and_test(dataset):
    press(dataset, "mug", [scene(number) for number in range(20)])
    assert dataset.counts()["mug"][Split.TRAINING] == 20
    done = hold_out(dataset)
    assert (done.pictures, done.lacking) == (8, ())
    assert by_time(dataset, "mug") == ["training"] * 12 + ["validation"] * 4 + ["test"] * 4
    dataset.undo()
    assert dataset.counts()["mug"][Split.TRAINING] == 20
    hold_out(dataset)
    dataset.resplit()  # what a person decided stays
    assert dataset.counts()["mug"][Split.TEST] == 4


def test_whole_presses_are_held_out_where_there_are_enough(dataset):
    for number, size in enumerate((9, 3, 2)):
        press(dataset, "mug", [scene(100 * number + n) for n in range(size)], f"press {number}", 60 * number)
    dataset.set_split(dataset.pictures("mug"), Split.TRAINING)
    hold_out(dataset)
    splits = {burst: {one.split for one in dataset.pictures("mug") if one.burst == burst} for burst in
              ("press 0", "press 1", "press 2")}  # fmt: skip
    assert splits["press 0"] == {Split.TRAINING} and all(len(found) == 1 for found in splits.values())
    assert Split.TEST in splits["press 2"] and Split.VALIDATION in splits["press 1"]


def test_pictures_that_are_nearly_the_same_are_never_divided(dataset):
    press(dataset, "mug", [scene(1, shift) for shift in range(6)])
    press(dataset, "duck", [scene(10 + number) for number in range(10)], "two")
    assert hold_out(dataset).lacking == ("mug",)
    assert dataset.counts()["mug"][Split.TRAINING] == 6
    assert check(dataset).findings and not [one for one in check(dataset).findings if one.kind is Kind.ACROSS_SPLITS]


def test_a_class_that_has_its_splits_is_left_alone(dataset):
    for number in range(40):
        dataset.add(scene(number), "mug")
    before = dataset.counts()
    assert hold_out(dataset).pictures == 0
    assert dataset.counts() == before and dataset.undoable().kind == "add"


def test_the_check_offers_it_where_splitting_again_gives_none(dataset):
    press(dataset, "mug", [scene(number) for number in range(12)])
    press(dataset, "duck", [scene(50 + number) for number in range(12)], "two")
    found = [one for one in check(dataset).findings if one.kind is Kind.EMPTY_SPLIT]
    assert {one.split: one.fix.action for one in found} == {"validation": Action.HOLD_OUT, "test": Action.HOLD_OUT}
    found[0].fix.apply(dataset)
    assert [one for one in check(dataset).findings if one.kind is Kind.EMPTY_SPLIT] == []
