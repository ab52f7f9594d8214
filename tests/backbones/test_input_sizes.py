"""Input sizes that are no multiple of 32: 92 and 100."""

import numpy as np
import pytest

from drawn_pictures import COLOURS, drawn, jpeg
from whatsit import Backbone, BackboneChoice, Classifier, Design, Project, find_examples, teach, train
from whatsit.backbones.lite import LITE0
from whatsit.backbones.ranges import MEASURED, builtin_ranges
from whatsit.models.verify import verify

THINGS = ("red", "green")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for place, name in enumerate(THINGS):
        (folder / name).mkdir()
        for number in range(10):
            (folder / name / f"{number}.jpg").write_bytes(jpeg(100 * place + number, COLOURS[name]))
    return folder


@pytest.mark.parametrize("size", [33, 92, 100, 511])
def test_int8_computes_what_float32_does_at_any_size(size):
    picture = drawn(7, COLOURS["blue"], (size, size))
    whole, small = (Backbone.builtin("lite0", size, dtype).embed(picture) for dtype in ("float32", "int8"))
    assert np.dot(whole, small) / np.linalg.norm(whole) / np.linalg.norm(small) > 0.97


def test_ranges_between_two_measured_sizes_hold_those_at_both():
    below, between, above = (builtin_ranges(LITE0.variant, size) for size in (64, 92, 96))
    assert below.keys() == between.keys() == above.keys()
    for name, (low, high) in between.items():
        assert low == min(below[name][0], above[name][0])
        assert high == max(below[name][1], above[name][1])
    assert all(builtin_ranges(LITE0.variant, size) for size in (MEASURED[0], MEASURED[-1]))


@pytest.mark.parametrize("size", [92, 100])
def test_what_was_taught_at_such_a_size_is_recognised_and_verified(size, pictures, tmp_path):
    taught = teach(find_examples(pictures), BackboneChoice(size=size))
    for dtype in ("int8", "float32"):
        taught.save(tmp_path / "model.tflite", dtype)
        model = Classifier(tmp_path / "model.tflite")
        assert model.preprocess.width == model.preprocess.height == size
        assert [model.classify(drawn(900, COLOURS[name]))[0].label for name in THINGS] == list(THINGS)
        assert verify(tmp_path / "model.tflite") == []


@pytest.mark.parametrize(("mode", "size"), [("frozen", 92), ("frozen", 100), ("fine-tune", 100)])
def test_training_at_such_a_size_gives_models_that_know_their_pictures(mode, size, pictures, tmp_path):
    if mode != "frozen":
        pytest.importorskip("torch", reason="needs the extra torch")
    blocks = 3 if mode == "fine-tune" else None
    with Project(tmp_path / "project") as project:
        for name in THINGS:
            for picture in sorted((pictures / name).iterdir()):
                project.dataset.add(picture.read_bytes(), name)
        training = train(project, Design(mode=mode, size=size, epochs=4, blocks=blocks))
        files = training.save(project.models / "model.tflite")
    for file in (files.int8, files.float32):
        model = Classifier(file)
        assert model.preprocess.width == size
        known = [model.classify(jpeg(n, COLOURS[THINGS[0]]))[0].label for n in range(10)]
        assert known.count(THINGS[0]) >= 9
