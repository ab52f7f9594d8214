"""The demonstration scene: the same frames for the same seed, and always a word for what is on them."""

from itertools import pairwise

import numpy as np
import pytest

from whatsit.cameras import open_camera
from whatsit.cameras.demo_scene.scene import EMPTY, OBJECTS, Scene
from whatsit.cameras.sources.synthetic import SyntheticCamera
from whatsit.errors import CameraError


def test_a_seed_gives_the_same_frames_in_any_order() -> None:
    one, other = Scene(seed=4), Scene(seed=4)
    for number in (300, 0, 57):
        assert np.array_equal(one.render(number), other.render(number))
    assert not np.array_equal(one.render(57), Scene(seed=5).render(57))


def test_every_object_and_the_empty_place_are_shown_in_turn_and_named() -> None:
    scene = Scene(width=64, height=48, dwell=20)
    truths = [scene.truth(number) for number in range(20 * len(scene.objects))]
    assert set(truths) == {*OBJECTS, EMPTY, None}
    assert truths.count(None) < len(truths) / 2


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_covers_the_middle_of_its_frames(name: str) -> None:
    shown, empty = (
        Scene(width=160, height=120, objects=(name,)),
        Scene(width=160, height=120, objects=(EMPTY,)),
    )
    for number in (10, 100, 1000):
        different = np.abs(shown.render(number).astype(int) - empty.render(number)).max(axis=2) > 24
        assert different[30:90, 40:120].mean() > 0.3


def test_frames_keep_changing() -> None:
    with open_camera("synthetic:?object=book&fps=0&size=64x48") as camera:
        frames = [camera.read().image for _ in range(100)]
    assert all(not np.array_equal(one, other) for one, other in pairwise(frames))


def test_an_object_can_be_asked_for_while_it_runs() -> None:
    with SyntheticCamera(fps=0) as camera:
        camera.show("duck")
        assert camera.read().truth == "duck"
        camera.show("empty")
        assert camera.read().truth == "empty"
        with pytest.raises(CameraError, match="mug, plant"):
            camera.show("dog")


@pytest.mark.parametrize(
    "address",
    [
        "synthetic:?object=dog",
        "synthetic:?size=9x9",
        "synthetic:?fps=-1",
        "synthetic:?seed=x",
        "synthetic:mug",
    ],
)
def test_an_address_that_makes_no_sense_is_refused_in_one_line(address: str) -> None:
    with pytest.raises(CameraError) as caught:
        open_camera(address)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)
