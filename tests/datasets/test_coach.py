"""What to photograph next, and when there is enough: on points whose classes are drawn."""

import numpy as np
import pytest

from shape_pictures import write_shapes
from whatsit import AdviceKind, PixelEmbedder, Project, Trait, advise, import_path, next_pictures
from whatsit.datasets.coach import advise_by_looks
from whatsit.datasets.traits import lacking, same_background


def cloud(*, seed, count, centre, spread=0.5, dim=40):
    """Unit vectors around one of the axes."""
    points = np.random.default_rng(seed).normal(size=(count, dim)) * spread / np.sqrt(dim)
    points[:, centre] += 1
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_one_class_is_not_enough_to_tell_anything_apart():
    assert advise(cloud(seed=0, count=9, centre=0), ["a"] * 9).kind is AdviceKind.START


def test_the_smallest_class_comes_first():
    unit = np.vstack([cloud(seed=0, count=9, centre=0), cloud(seed=1, count=1, centre=1)])
    found = advise(unit, ["a"] * 9 + ["b"])
    assert (found.kind, found.label, found.number) == (AdviceKind.MORE, "b", 2)
    assert found.sentence.startswith("Photograph b next: 2 more")


def test_classes_far_apart_are_soon_enough():
    unit = np.vstack([cloud(seed=one, count=12, centre=one) for one in range(3)])
    found = advise(unit, [label for label in "abc" for _ in range(12)])
    assert (found.kind, found.accuracy, found.readiness) == (AdviceKind.ENOUGH, 1.0, 1.0)


@pytest.fixture
def mixed():
    """Three classes of 14; the pictures of the second lie between the first and their own place."""
    between = cloud(seed=1, count=14, centre=1, spread=1.6) + 1.3 * cloud(seed=4, count=14, centre=0, spread=1.6)
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    clouds = [cloud(seed=0, count=14, centre=0, spread=1.6), between, cloud(seed=2, count=14, centre=2, spread=1.6)]
    return np.vstack(clouds).astype(np.float32), [label for label in "abc" for _ in range(14)]


def test_two_classes_that_are_taken_for_each_other_are_named(mixed):
    found = advise(*mixed)
    assert found.kind is AdviceKind.CONFUSED
    assert {found.label, found.other} == {"a", "b"}
    assert 0.3 <= found.readiness < 1


def test_a_class_whose_pictures_are_all_alike_is_sent_to_another_light(mixed):
    unit, labels = mixed
    unit = unit.copy()
    unit[28:] = cloud(seed=7, count=14, centre=2, spread=0.05)
    found = advise(unit, labels)
    assert (found.kind, found.label) == (AdviceKind.VARIETY, "c")


def scenes(count, *, light=(0.3, 0.8), warmth=(1.0, 1.0), size=(5, 5), backgrounds=6):
    """Thumbnails of a thing before walls of some greys."""
    walls = np.random.default_rng(count).uniform(0.6, 1.0, backgrounds)
    ranges = (np.linspace(*ends, count) for ends in (light, warmth, size))
    found = np.empty((count, 16, 16, 3))
    for number, (bright, red, wide) in enumerate(zip(*ranges, strict=True)):
        found[number] = walls[number % backgrounds] * bright * np.array([red, 1, 1 / red])
        half = round(float(wide)) // 2 + 1
        found[number, 8 - half : 8 + half, 8 - half : 8 + half] = (0.0, 0.0, 0.0)
    return np.clip(255 * found, 0, 255).astype(np.uint8)


ONLY = [
    (Trait.DARK, {"light": (0.8, 0.9)}, {}),
    (Trait.BRIGHT, {"light": (0.3, 0.35)}, {}),
    (Trait.WARM, {"warmth": (0.8, 0.8)}, {"warmth": (0.8, 1.25)}),
    (Trait.COLD, {"warmth": (1.25, 1.25)}, {"warmth": (0.8, 1.25)}),
    (Trait.NEAR, {"size": (3, 3)}, {"size": (3, 11)}),
    (Trait.AWAY, {"size": (11, 11)}, {"size": (3, 11)}),
    (None, {}, {}),
]


@pytest.mark.parametrize(("trait", "own", "others"), ONLY)
def test_what_all_pictures_of_one_class_lack_is_told_from_the_others(trait, own, others):
    pictures = np.concatenate([scenes(12, **own), scenes(24, **others)])
    assert lacking(pictures, np.arange(36) < 12) is trait


def test_one_background_is_told_where_the_others_have_several():
    pictures = np.concatenate([scenes(12, light=(0.6, 0.6), backgrounds=1), scenes(12), scenes(13)])
    classes = np.repeat([0, 1, 2], [12, 12, 13])
    assert [same_background(pictures, classes, one) for one in range(3)] == [True, False, False]


def test_the_advice_names_the_light_that_a_class_lacks(mixed):
    unit, labels = mixed
    unit = unit.copy()
    unit[28:] = cloud(seed=7, count=14, centre=2, spread=0.05)
    hashes = [str(number) for number in range(42)]
    looks = np.concatenate([scenes(28), scenes(14, light=(0.8, 0.9))])
    thumbnails = {hash_: one.tobytes() for hash_, one in zip(hashes, looks, strict=True)}
    found = advise_by_looks(unit, labels, hashes, lambda _: thumbnails)
    assert (found.kind, found.label, found.lacks) == (AdviceKind.VARIETY, "c", Trait.DARK)
    assert found.sentence == "Photograph c next, where it is darker: its pictures are all alike."
    assert advise_by_looks(unit, labels, hashes, lambda _: {}) == advise(unit, labels)


def test_the_same_pictures_get_the_same_advice(mixed):
    assert advise(*mixed) == advise(*mixed)


def test_pictures_to_label_next_stand_for_what_is_not_taught_yet():
    groups = [cloud(seed=one, count=10 + one, centre=one, spread=0.3) for one in range(4)]
    pool = np.vstack(groups)
    chosen = next_pictures(pool, np.empty((0, pool.shape[1]), np.float32), 4)
    owner = np.repeat(np.arange(4), [len(one) for one in groups])
    assert {int(owner[place]) for place in chosen} == {0, 1, 2, 3}
    assert int(owner[next_pictures(pool, np.vstack(groups[1:]), 1)[0]]) == 0


def test_fewer_pictures_than_asked_for_are_all_chosen_once():
    pool = cloud(seed=0, count=3, centre=0)
    assert sorted(next_pictures(pool, pool[:0], 9)) == [0, 1, 2]
    assert next_pictures(pool[:0], pool, 9) == []


def test_a_project_is_coached(tmp_path):
    write_shapes(tmp_path / "pictures", ("brick", "leaf"), 6)
    with Project(tmp_path / "project") as project:
        assert project.coach(PixelEmbedder()).kind is AdviceKind.START
        import_path(project.dataset, tmp_path / "pictures")
        found = project.coach(PixelEmbedder())
        hashes = [one.hash for one in project.dataset.pictures()]
        assert {len(one) for one in project.dataset.colours(hashes).values()} == {16 * 16 * 3}
    assert found.accuracy is not None and found.kind is not AdviceKind.START


def test_the_command_gives_the_advice(tmp_path, whatsit_line):
    assert whatsit_line("coach", tmp_path)[0] == 1
    Project(tmp_path / "project").close()
    assert whatsit_line("coach", tmp_path / "project", "--json") == (0, "")
