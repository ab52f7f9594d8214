"""Fine-tuning and training from scratch; they need PyTorch, which is an extra."""

import dataclasses

import numpy as np
import pytest

from shape_pictures import write_shapes
from whatsit import Classifier, Colour, ModelError, TaughtModel, verify
from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin import weights_path
from whatsit.backbones.lite import LITE0
from whatsit.backbones.torch_weights import read_weights
from whatsit.errors import DataError, StoppedError
from whatsit.evaluation.sweep import Trial, combinations, sweep
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.multiply_adds import multiply_adds
from whatsit.tflite.operators import operator_name
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import Epoch, Note, Phase, Remark, Step
from whatsit.training.record import ModelFiles
from whatsit.training.train import train

torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")

LABELS = ("brick", "leaf", "sky")
FINE = Design(mode=TrainingMode.FINE_TUNE, size=32, blocks=4, epochs=3, batch=8, seed=1)
NARROW = dataclasses.replace(FINE, width=0.5, epochs=2)
SCRATCH = Design(mode=TrainingMode.SCRATCH, size=32, epochs=6, batch=8, seed=1)
TEXTBOOK = dataclasses.replace(SCRATCH, network="textbook", learning_rate=1e-3)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    return write_shapes(folder / "a", LABELS, 12), write_shapes(folder / "b", LABELS, 6, first=100)


@pytest.mark.parametrize("size", [32, 96])
@pytest.mark.parametrize("blocks", [None, 6])
def test_pytorch_computes_what_the_flatbuffer_computes(size, blocks):
    from whatsit.training.torch_lite import embeddings
    from whatsit.training.torch_loop import normalised

    variant = LITE0.variant
    weights = {
        name: torch.from_numpy(values.copy()).float()
        for name, values in read_weights(weights_path(variant), variant.sha256).items()
    }
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    found = embeddings(variant, weights, normalised(pixels[np.newaxis]), blocks)[0].numpy()
    assert np.allclose(found, Backbone.builtin("lite0", size, "float32", blocks=blocks).embed(pixels), atol=2e-4)


def test_the_textbooks_network_is_layer_for_layer_the_one_in_the_textbooks_file(shared_data):
    from whatsit.training.textbook_cnn import build, embeddings, random_weights
    from whatsit.training.torch_loop import normalised

    weights = random_weights(32, 3, torch.Generator().manual_seed(3))
    content = build({name: tensor.numpy() for name, tensor in weights.items()}, 32, 3)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    tensor = normalised(pixels)
    found = Runtime(content, 1).run(tensor.permute(0, 2, 3, 1).numpy())[0]
    assert np.allclose(found, embeddings(weights, tensor, False).numpy(), atol=1e-4)
    layers, book = (
        [(operator_name(model, one), *(list(graph.tensors[int(at)].shape) for at in one.outputs))
         for one in graph.operators]
        for model in (read_model(content), read_model((shared_data / "book/models/cifar10.tflite").read_bytes()))
        for graph in model.subgraphs
    )  # fmt: skip
    assert layers == book[:-2]  # behind them the head: ten scores, softmax


@pytest.mark.parametrize("design", [
    FINE, dataclasses.replace(FINE, colour=Colour.GREY, mixup=True, unfrozen_blocks=1), SCRATCH,
    dataclasses.replace(SCRATCH, colour=Colour.GREY), dataclasses.replace(FINE, width=0.5, mixup=True), TEXTBOOK,
])  # fmt: skip
def test_a_trained_network_comes_back_as_tflite_in_both_arithmetics(shapes, design):
    trained = train(shapes[0], design, validation=shapes[1])
    scores = []
    for dtype in ("float32", "int8"):
        content = trained.model.to_tflite(dtype)
        assert verify(content) == []
        classifier = Classifier(content)
        assert classifier.preprocess.colour is design.colour
        many = classifier.classify_many([path for path, _ in shapes[1]], 3)
        scores.append(np.array([[one.score for one in sorted(found, key=lambda p: p.index)] for found in many]))
    whole, quantised = scores
    assert np.abs(whole - quantised).mean() < 0.04  # the scores, not the classes: so little training leaves close calls
    targets = [LABELS.index(label) for _, label in shapes[1]]
    assert np.mean(whole.argmax(1) == targets) == pytest.approx(trained.best.validation_accuracy, abs=0.06)


@pytest.mark.parametrize("design", [FINE, SCRATCH, TEXTBOOK])
def test_a_trained_network_is_exported_in_every_arithmetic_and_border_from_its_files(shapes, tmp_path, design):
    files = ModelFiles(tmp_path, "model")
    train(shapes[0], dataclasses.replace(design, epochs=1), validation=shapes[1]).save(files.int8)
    for file in (files.int8, files.float32):
        again = TaughtModel.from_file(file)
        assert again.to_tflite("int8") == files.int8.read_bytes()
        assert again.to_tflite("float32") == files.float32.read_bytes()
        for io in ("uint8", "int8", "float32"):
            assert verify(again.to_tflite("int8", io)) == []
        assert verify(again.to_tflite("dynamic")) == []


def test_a_trained_network_without_its_float32_file_says_which_one_export_needs(shapes, tmp_path):
    one, other = ModelFiles(tmp_path, "one"), ModelFiles(tmp_path, "other")
    for files, design in ((one, SCRATCH), (other, dataclasses.replace(SCRATCH, seed=2))):
        train(shapes[0], dataclasses.replace(design, epochs=1), validation=shapes[1]).save(files.int8)
    other.float32.replace(one.float32)
    with pytest.raises(ModelError, match=r"one-float32\.tflite: of another training than one\.tflite"):
        TaughtModel.from_file(one.int8)
    one.float32.unlink()
    with pytest.raises(ModelError, match=r"one-float32\.tflite: no such file; .*float32 model of the same training"):
        TaughtModel.from_file(one.int8)


def test_fine_tuning_learns_more_than_chance_and_scratch_learns_too(shapes):
    assert (
        train(shapes[0], dataclasses.replace(FINE, blocks=6, epochs=6), validation=shapes[1]).best.validation_accuracy
        > 0.6
    )
    assert (
        train(shapes[0], dataclasses.replace(SCRATCH, epochs=12), validation=shapes[1]).best.validation_accuracy > 0.6
    )


def test_fine_tuning_a_few_pictures_never_ends_worse_than_the_head_on_the_frozen_backbone(shapes):
    training, validation = shapes
    few = training[::3]
    for design in (FINE, dataclasses.replace(FINE, blocks=6, colour=Colour.GREY, learning_rate=0.05)):
        trained = train(few, dataclasses.replace(design, epochs=4), validation=validation)
        fitted = trained.history[0]
        assert (fitted.number, len(trained.history)) == (0, 5)
        assert trained.best.validation_accuracy >= fitted.validation_accuracy


def test_only_the_last_blocks_change_when_only_they_are_tuned(shapes):
    from whatsit.training.fine_tune import trainable

    names = ["_conv_stem", "_bn0", "_blocks.2._bn0", "_blocks.3._bn0", "_conv_head"]
    weights = {f"{name}.weight": None for name in names} | {"_blocks.3._bn0.running_var": None}
    assert trainable(weights, 4, dataclasses.replace(FINE, unfrozen_blocks=1)) == ["_blocks.3._bn0.weight"]
    assert trainable(weights, 4, dataclasses.replace(FINE, unfrozen_blocks=0, blocks=None)) == ["_conv_head.weight"]
    assert "_conv_stem.weight" in trainable(weights, 4, FINE)


def test_a_narrow_network_is_distilled_from_the_full_one_and_says_how_good_that_was(shapes):
    seen = []
    narrow = train(shapes[0], NARROW, validation=shapes[1], on_event=seen.append).model
    whole = train(shapes[0], dataclasses.replace(NARROW, width=1), validation=shapes[1])
    assert multiply_adds(narrow.to_tflite()) < 0.5 * multiply_adds(whole.model.to_tflite())
    assert narrow.backbone_id.startswith("fine-tune-lite0-w50:")
    assert Note(Remark.FULL_NETWORK, f"{whole.best.validation_accuracy:.1%}") in seen
    steps = [event for event in seen if isinstance(event, Step) and event.phase is Phase.FULL_NETWORK]
    assert steps[-1].done == steps[-1].total
    assert [event.number for event in seen if isinstance(event, Epoch)] == [0, 1, 2]


def test_a_cache_keeps_the_full_network_for_the_next_width(shapes, tmp_path):
    def trained(**changes):
        seen = []
        design = dataclasses.replace(NARROW, **changes)
        found = train(shapes[0], design, validation=shapes[1], on_event=seen.append, cache=tmp_path)
        steps = [event for event in seen if isinstance(event, Step) and event.phase is Phase.FULL_NETWORK]
        return found.model.to_tflite(), len(steps)

    alone, steps = trained()
    assert steps
    assert trained() == (alone, 0)
    assert trained(width=0.75)[1] == 0
    assert trained(seed=7)[1] > 0
    (file,) = tmp_path.glob("*.npz")
    assert trained(width=1)[1] == 0 and trained() == (alone, 0), "a whole network that was trained is one too"
    file.write_bytes(file.read_bytes()[:1000])
    assert trained() == (alone, steps), "a damaged file is not used"


def test_a_narrow_network_learns_to_answer_as_the_full_one(shapes):
    trained = train(shapes[0], dataclasses.replace(NARROW, blocks=6, epochs=12, seed=0), validation=shapes[1])
    assert trained.best.validation_accuracy > trained.history[0].validation_accuracy
    assert trained.best.validation_accuracy > 0.6


def test_stopping_before_a_narrow_network_begins_says_that_there_is_nothing_to_keep(shapes):
    seen = []

    def stop():
        return any(isinstance(event, Step) and event.phase is Phase.FULL_NETWORK for event in seen)

    with pytest.raises(StoppedError, match="before the narrow network's first epoch"):
        train(shapes[0], NARROW, validation=shapes[1], on_event=seen.append, stop=stop)


def test_statistics_measured_again_are_those_of_the_pictures(shapes):
    from whatsit.training.narrow import measure_statistics
    from whatsit.training.torch_lite import pretrained
    from whatsit.training.torch_loop import Labelled, normalised

    weights = pretrained(LITE0.variant, 3)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
    measure_statistics(LITE0.variant, weights, Labelled(pixels, np.zeros(8, np.int64)), FINE)
    padded = torch.nn.functional.pad(normalised(pixels), (0, 1, 0, 1))
    first = torch.nn.functional.conv2d(padded, weights["_conv_stem.weight"], stride=2)
    assert torch.allclose(weights["_bn0.running_mean"], first.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(weights["_bn0.running_var"], first.var((0, 2, 3)), rtol=1e-3)


def test_a_sweep_over_widths_fine_tunes_and_names_them(shapes):
    design = Design(epochs=1, batch=8)
    found = sweep(combinations([32], ["lite0/4"]), design, shapes[0], shapes[1], widths=[1, 0.5])
    assert [trial.name for trial in found] == ["lite0/4x1@32", "lite0/4x0.5@32"]
    assert found[1].measurement.multiply_adds < 0.5 * found[0].measurement.multiply_adds
    assert [Trial.from_dict(trial.to_record()) for trial in found] == found
    with pytest.raises(DataError, match=r"width 2: expected 0\.1 to 1"):
        sweep(combinations([32]), design, *shapes, widths=[2])


@pytest.mark.parametrize("design", [FINE, NARROW, SCRATCH])
def test_the_same_seed_gives_the_same_file(shapes, design):
    short = dataclasses.replace(design, epochs=1)
    assert (
        train(shapes[0], short, validation=shapes[1]).model.to_tflite()
        == train(shapes[0], short, validation=shapes[1]).model.to_tflite()
    )


@pytest.mark.parametrize("way", ["fine-tune", "scratch"])
def test_another_process_makes_the_same_file_of_the_same_seed(shapes, run_python, way):
    source = """
import hashlib, sys
from pathlib import Path
from whatsit.training.design import Design, TrainingMode
from whatsit.training.train import train
examples = [(Path(path), Path(path).parent.name) for path in sys.argv[2:]]
blocks = 3 if sys.argv[1] == "fine-tune" else None
design = Design(mode=TrainingMode(sys.argv[1]), size=32, blocks=blocks, epochs=2, batch=8)
model = train(examples[::2], design, validation=examples[1::2]).model
print(*(hashlib.sha256(model.to_tflite(dtype)).hexdigest() for dtype in ("int8", "float32")))
"""
    assert {path.parent.name for path, _ in shapes[0]} == set(LABELS)
    runs = [run_python(source, way, *(path for path, _ in shapes[0]), PYTHONHASHSEED=str(seed)) for seed in (1, 2)]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout) == 130


@pytest.mark.parametrize("design", [FINE, SCRATCH])
def test_a_broken_picture_in_the_middle_is_left_out_and_named(tmp_path, design):
    examples = write_shapes(tmp_path, LABELS, 4)
    examples[5][0].write_bytes(b"not a picture")
    trained = train(examples, dataclasses.replace(design, epochs=1), validation=examples)
    assert trained.model.pictures == 11
    assert all(examples[5][0].name in str(error) for error in trained.unreadable) and trained.unreadable


def test_stopping_while_pictures_are_read_says_that_there_is_nothing_to_keep(shapes):
    seen = []
    with pytest.raises(StoppedError, match="no model to keep"):
        train(shapes[0], SCRATCH, validation=shapes[1], on_event=seen.append, stop=lambda: bool(seen))
    assert not any(isinstance(event, Epoch) for event in seen)


def test_stopping_in_the_middle_of_an_epoch_keeps_the_best_before_it(shapes):
    seen = []
    trained = train(
        shapes[0],
        SCRATCH,
        validation=shapes[1],
        on_event=seen.append,
        stop=lambda: sum(isinstance(e, Epoch) for e in seen) >= 2,
    )
    assert trained.stopped
    assert len(trained.history) == 2
    assert verify(trained.model.to_tflite()) == []


def test_pictures_of_little_contrast_do_not_change_what_raw_pixels_mean(shapes, tmp_path):
    from PIL import Image

    examples = []
    for path, label in shapes[0]:
        faint = Image.open(path).point(lambda value: 100 + value // 8)
        faint.save(tmp_path / path.name)
        examples.append((tmp_path / path.name, label))
    model = train(examples, SCRATCH).model
    whole, quantised = (Classifier(model.to_tflite(dtype)) for dtype in ("float32", "int8"))
    for path, _ in examples[::4]:
        expected = {one.label: one.score for one in whole.classify(path, 3)}
        found = {one.label: one.score for one in quantised.classify(path, 3)}
        assert found == pytest.approx(expected, abs=0.1)
