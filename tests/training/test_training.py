"""Training a head on a frozen backbone: no more than the core is needed."""

import dataclasses
import math

import numpy as np
import pytest
from PIL import Image

from shape_pictures import write_shapes
from whatsit import Classifier, Colour, DataError, Fit, MissingExtraError, TaughtModel, find_examples, teach, verify
from whatsit.backbones.backbone import Backbone
from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import StoppedError
from whatsit.evaluation.sweep import sweep
from whatsit.tflite.flatbuffer import read_model
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import Epoch, Note, Phase, Remark, Step
from whatsit.training.head import Embedded, fit_head
from whatsit.training.memory import check_memory
from whatsit.training.record import ModelFiles, load_record
from whatsit.training.train import train
from whatsit.training.view_rows import ViewRows

LABELS = ("brick", "leaf", "sky")
SMALL = Design(size=32, blocks=5, views=2, epochs=40)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    return write_shapes(folder / "a", LABELS, 12), write_shapes(folder / "b", LABELS, 6, first=100)


def right(model, held, dtype="int8"):
    classifier = Classifier(model.to_tflite(dtype))
    return sum(classifier.classify(path, 1)[0].label == label for path, label in held) / len(held)


def test_a_head_learns_and_tells_how(pictures):
    events = []
    trained = train(pictures[0], SMALL, validation=pictures[1], on_event=events.append)
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert trained.history == tuple(epochs)
    assert [epoch.number for epoch in epochs[:2]] == [0, 1]  # the head that cross-validation chose, then the first
    assert epochs[-1].loss < epochs[1].loss
    assert trained.best.validation_accuracy >= 0.9
    assert trained.best.validation_loss == min(epoch.validation_loss for epoch in epochs)
    assert any(isinstance(event, Step) and event.done == event.total for event in events)
    assert right(trained.model, pictures[1]) >= 0.9
    assert right(trained.model, pictures[1], "float32") >= 0.85


def test_the_same_seed_gives_the_same_file_and_another_seed_another(pictures):
    hidden = dataclasses.replace(SMALL, hidden=8)  # without, the beginning can be the best, which no seed changes
    one, two = (train(pictures[0], hidden, validation=pictures[1]).model.to_tflite() for _ in range(2))
    other = train(pictures[0], dataclasses.replace(hidden, seed=1), validation=pictures[1]).model.to_tflite()
    assert one == two
    assert one != other


def test_another_process_makes_the_same_file_of_the_same_seed(pictures, run_python):
    source = """
import hashlib, sys
from pathlib import Path
from whatsit.training.design import Design
from whatsit.training.train import train
examples = [(Path(path), Path(path).parent.name) for path in sys.argv[1:]]
model = train(examples[::2], Design(size=32, blocks=5, views=2, epochs=5), validation=examples[1::2]).model
print(*(hashlib.sha256(model.to_tflite(dtype)).hexdigest() for dtype in ("int8", "float32")))
"""
    assert {path.parent.name for path, _ in pictures[0]} == set(LABELS)
    runs = [run_python(source, *(path for path, _ in pictures[0]), PYTHONHASHSEED=str(seed)) for seed in (1, 2)]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout) == 130


def test_cached_embeddings_change_nothing(pictures, tmp_path):
    plain = train(pictures[0], SMALL, validation=pictures[1]).model.to_tflite()
    first = train(pictures[0], SMALL, validation=pictures[1], cache=tmp_path).model.to_tflite()
    again = train(pictures[0], SMALL, validation=pictures[1], cache=tmp_path).model.to_tflite()
    assert plain == first == again
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize("design", [
    dataclasses.replace(SMALL, hidden=24), dataclasses.replace(SMALL, colour=Colour.GREY, hidden=16),
    dataclasses.replace(SMALL, fit=Fit.SQUASH, class_weights=True),
])  # fmt: skip
def test_designs_come_out_whole_in_both_arithmetics(pictures, tmp_path, design):
    trained = train(pictures[0], design, validation=pictures[1])
    for dtype in ("int8", "float32"):
        content = trained.model.to_tflite(dtype)
        assert verify(content) == []
        assert Classifier(content).preprocess.colour is design.colour
        assert Classifier(content).preprocess.fit is trained.design.fit
    file = tmp_path / "model.tflite"
    file.write_bytes(trained.model.to_tflite())
    assert TaughtModel.from_file(file).to_tflite("float32") == trained.model.to_tflite("float32")


def test_a_grey_model_takes_one_channel_and_gives_what_the_grey_picture_in_three_would(pictures):
    path = pictures[0][0][0]
    grey = Backbone.builtin("lite0", 32, "float32", colour=Colour.GREY)
    colour = Backbone.builtin("lite0", 32, "float32")
    pixels = grey.preprocess.pixels(path)
    assert pixels.shape == (32, 32, 1)
    assert np.allclose(grey.embed(path), colour.embed_pixels(np.repeat(pixels, 3, axis=2)), atol=1e-4)


def test_stopping_keeps_the_best_so_far(pictures):
    seen = []
    trained = train(
        pictures[0],
        SMALL,
        validation=pictures[1],
        on_event=seen.append,
        stop=lambda: sum(isinstance(e, Epoch) for e in seen) >= 3,
    )
    assert trained.stopped
    assert len(trained.history) == 3
    assert verify(trained.model.to_tflite()) == []


def test_stopping_while_embedding_ends_at_the_next_picture_and_keeps_what_was_embedded(pictures, tmp_path):
    steps = []

    def watch(event):
        if isinstance(event, Step):
            steps.append(event)

    with pytest.raises(StoppedError, match="no model to keep"):
        train(
            pictures[0],
            SMALL,
            validation=pictures[1],
            on_event=watch,
            stop=lambda: bool(steps) and steps[-1].done >= 16,
            cache=tmp_path,
        )
    assert steps[-1].done == 16
    again = []
    train(pictures[0], SMALL, validation=pictures[1], on_event=again.append, cache=tmp_path)
    first = next(event for event in again if isinstance(event, Step))
    assert first.done >= 16 and first.done % 8 == 0


def test_stopping_before_the_first_epoch_keeps_the_head_that_cross_validation_chose(pictures):
    seen = []
    trained = train(pictures[0], SMALL, validation=pictures[1], on_event=seen.append, stop=lambda: _has_epoch(seen))
    taught = teach(pictures[0], SMALL.backbone_choice)
    assert [epoch.number for epoch in trained.history] == [0]
    assert trained.model.selection == taught.selection and trained.model.selection.regularisation
    np.testing.assert_allclose(trained.model.head.weights, taught.head.weights, atol=1e-4)


def _has_epoch(events):
    return any(isinstance(event, Epoch) for event in events)


@pytest.mark.parametrize("stage", ["embedding", "embedding-validation"])
def test_stopping_before_an_epoch_has_ended_says_that_there_is_nothing_to_keep(pictures, stage):
    seen = []

    def stop():
        return any(step.phase == stage for step in seen)

    with pytest.raises(StoppedError, match=r"nothing to keep|no model to keep"):
        train(pictures[0], SMALL, validation=pictures[1], on_event=seen.append, stop=stop)
    assert not any(isinstance(event, Epoch) for event in seen)


def test_a_killed_training_leaves_the_previous_model_and_no_litter(pictures, tmp_path):
    files = ModelFiles(tmp_path, "model")
    train(pictures[0], SMALL, validation=pictures[1]).save(files.int8)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def kill(event):
        if isinstance(event, Epoch):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(pictures[0], SMALL, validation=pictures[1], on_event=kill).save(files.int8)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_record_beside_the_model_brings_design_and_curves_back(pictures, tmp_path):
    files = ModelFiles(tmp_path, "model")
    trained = train(pictures[0], SMALL)
    trained.save(files.int8)
    design, history = load_record(files)
    assert design == trained.design
    assert len(history) == len(trained.history) == 40
    assert math.isnan(history[0].validation_loss)
    assert verify(files.int8) == verify(files.float32) == []


@pytest.mark.parametrize("on_file", [False, True])
def test_marked_strangers_are_in_the_model_and_a_broken_one_is_left_out_and_named(
    pictures, shared_data, tmp_path, on_file
):
    sand = [path for path, _ in write_shapes(tmp_path, ("sand",), 3)]
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    design = Design(backbone=str(shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite")) if on_file else SMALL
    design = dataclasses.replace(design, epochs=3)
    marked = [*sand, tmp_path / "broken.jpg"]
    trained = train(pictures[0], design, validation=pictures[1], strangers=marked, cache=tmp_path / "cache")
    assert (trained.strangers, len(trained.model.unknown.strangers)) == (3, 3)
    assert [str(error).count("broken.jpg") for error in trained.unreadable] == [1]
    plain = train(pictures[0], design, validation=pictures[1], cache=tmp_path / "cache").model
    marking, before = (Classifier(model.to_tflite()).classify(sand[0]).strangeness for model in (trained.model, plain))
    assert marking > before


def test_one_class_is_refused_in_one_line(pictures):
    only = [example for example in pictures[0] if example[1] == "brick"]
    with pytest.raises(DataError, match="brick.*at least 2"):
        train(only, SMALL)


def test_one_picture_a_class_and_no_validation_still_gives_a_model(tmp_path):
    examples = write_shapes(tmp_path, LABELS, 1)
    notes = []
    trained = train(examples, SMALL, on_event=lambda e: notes.append(e.text) if isinstance(e, Note) else None)
    assert "no validation pictures" in notes[0]
    assert len(trained.history) == SMALL.epochs
    assert trained.model.unknown is None
    assert right(trained.model, examples) == 1


def test_a_class_that_only_validation_has_is_left_out_and_named(pictures, tmp_path):
    strange = write_shapes(tmp_path, ("sand",), 2)
    notes = []
    train(pictures[0], SMALL, validation=[*pictures[1], *strange], on_event=notes.append)
    assert any(isinstance(note, Note) and "sand" in note.text for note in notes)


def test_identical_pictures_give_a_model(tmp_path):
    examples = write_shapes(tmp_path, ("brick", "leaf"), 3)
    same = examples[0][0].read_bytes()
    for path, _ in examples:
        path.write_bytes(same)
    told = []
    assert verify(train(examples, SMALL, validation=examples, on_event=told.append).model.to_tflite()) == []
    assert any(isinstance(event, Note) and "all training pictures are the same" in event.text for event in told)


def test_a_file_as_backbone_has_its_own_size_and_the_record_says_so(pictures, shared_data, tmp_path):
    backbone = str(shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite")
    trained = train(
        pictures[0],
        dataclasses.replace(SMALL, backbone=backbone, blocks=None, colour=Colour.GREY),
        validation=pictures[1],
    )
    assert (trained.design.size, trained.design.colour, trained.design.multi_layer) == (128, Colour.RGB, False)
    assert not {"size", "colour", "blocks", "multi_layer"} & trained.design.to_settings().keys()
    (trial,) = sweep([BackboneChoice(backbone)], SMALL, *pictures)
    assert trial.backbone.size == 128


@pytest.mark.parametrize("cached", [False, True])
def test_a_broken_picture_in_the_middle_is_left_out_and_named(tmp_path, cached):
    examples = write_shapes(tmp_path / "shapes", LABELS, 4)
    examples[5][0].write_bytes(b"not a picture")
    trained = train(examples, SMALL, cache=tmp_path / "cache" if cached else None)
    assert trained.model.pictures == 11
    assert [examples[5][0].name in str(error) for error in trained.unreadable] == [True]


def test_a_network_too_large_for_the_memory_is_refused_with_a_way_out():
    with pytest.raises(DataError, match=r"batch 256 at 224 pixels needs about \d+\.\d GB.*smaller batch"):
        check_memory(Design(mode=TrainingMode.FINE_TUNE, batch=256), 1000, 258, available=2**30)


def test_without_the_memory_for_its_batch_nothing_is_read(pictures, monkeypatch):
    pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    monkeypatch.setattr("whatsit.training.memory.available_memory", lambda: 2**28)
    seen = []
    with pytest.raises(DataError, match=r"0\.2 GB is free.*smaller batch"):
        train(pictures[0], Design(mode=TrainingMode.SCRATCH, size=32), validation=pictures[1], on_event=seen.append)
    assert not seen


def test_without_torch_fine_tuning_names_the_extra(pictures, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "whatsit.training.torch_loop", raising=False)
    with pytest.raises(MissingExtraError, match=r"whatsit\[torch\]"):
        train(pictures[0], Design(mode=TrainingMode.FINE_TUNE, size=32), validation=pictures[1])


def test_class_weights_help_the_class_with_few_pictures():
    random = np.random.default_rng(0)
    many, few = random.normal(0, 1, (200, 4)), random.normal(1.2, 1, (10, 4))
    data = Embedded(ViewRows.of(np.vstack([many, few]).astype(np.float32)[:, np.newaxis]), np.repeat([0, 1], [200, 10]))
    none = Embedded(ViewRows.of(np.empty((0, 1, 4), np.float32)), np.empty(0, np.intp))

    def found(weighted):
        design = Design(class_weights=weighted, dropout=0, epochs=60)
        head = fit_head(data, none, ("many", "few"), design, lambda event: None, lambda: False).head
        return (head.logits(few.astype(np.float32)).argmax(1) == 1).sum()

    assert found(True) > found(False)


def test_the_books_pictures_are_told_apart_at_160(shared_data):
    examples = find_examples(shared_data / "book/dataset")
    trained = train(examples[::2], Design(size=160, views=2), validation=examples[1::2])
    assert right(trained.model, examples[1::2]) >= 0.97


def test_a_choice_of_any_tflite_is_trained_on(pictures, tmp_path):
    whole = train(pictures[0], SMALL, validation=pictures[1]).model.to_tflite("float32")
    path = tmp_path / "foreign.tflite"
    path.write_bytes(whole)
    trained = train(pictures[0], dataclasses.replace(SMALL, backbone=str(path), blocks=None), validation=pictures[1])
    assert trained.model.backbone == BackboneChoice(str(path), 32)
    assert right(trained.model, pictures[1]) >= 0.9
    assert read_model(trained.model.to_tflite()).subgraphs
    files = ModelFiles(tmp_path, "model")
    trained.save(files.int8)
    assert TaughtModel.from_file(files.int8).to_tflite() == files.int8.read_bytes()


def test_without_a_fit_one_is_chosen_for_oblong_pictures_and_said_and_one_that_is_named_stays():
    random, pictures = np.random.default_rng(0), []
    for number in range(24):
        picture = random.integers(0, 60, (32, 96, 3), np.uint8)
        if number % 2:
            picture[8:24, :20] = 250
        pictures.append((picture, "marked" if number % 2 else "plain"))
    events = []
    small = Design(size=32, blocks=5, views=1, epochs=2)
    trained = train(pictures, small, validation=pictures, on_event=events.append)
    assert trained.design.fit is not Fit.COVER
    assert Remark.CHOSEN in [event.remark for event in events if isinstance(event, Note)]
    assert Phase.CHOOSING_FIT in [event.phase for event in events if isinstance(event, Step)]
    assert trained.model.selection.fit is trained.design.fit is trained.model.preprocess.fit
    assert trained.model.selection.fits
    named = train(pictures, dataclasses.replace(small, fit=Fit.COVER))
    assert named.design.fit is Fit.COVER and named.model.selection is None


def test_the_pictures_that_a_fit_was_chosen_on_are_not_embedded_again(tmp_path, monkeypatch):
    random, pictures = np.random.default_rng(0), []
    for number in range(24):
        picture = random.integers(0, 60, (32, 96, 3), np.uint8)
        picture[8:24, :20] = 250 * (number % 2)
        file = tmp_path / f"{number}.png"
        Image.fromarray(picture).save(file)
        pictures.append((file, "marked" if number % 2 else "plain"))
    embedded = []
    embed_many = Backbone.embed_many

    def counted(self, images):
        for row in embed_many(self, images):
            embedded.append(row)
            yield row

    monkeypatch.setattr(Backbone, "embed_many", counted)
    train(pictures, Design(size=32, blocks=5, views=1, epochs=2), cache=tmp_path / "embeddings")
    assert len(embedded) == 3 * len(pictures)  # once for each fit, none of them for the training
