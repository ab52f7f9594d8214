"""int8 of a float32 file: its head and threshold are fitted on what the int8 network really computes."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from foreign_models import COLOURS, colour_classifier, hard_to_quantise, int8, square
from whatsit import Classifier, TaughtModel, teach, verify
from whatsit.training.design import Design
from whatsit.training.events import Note, Remark
from whatsit.training.train import train

EXAMPLES = [(square(colour), label) for label, colour in COLOURS.items() for _ in range(12)]


@pytest.fixture
def file(tmp_path: Path):
    """Writes a model that is hard to quantise; gives its path."""

    def write(lift: float) -> Path:
        path = tmp_path / "elsewhere.tflite"
        path.write_bytes(hard_to_quantise(lift))
        return path

    return write


def answers(model: bytes | Path) -> list[tuple[str, bool]]:
    found = Classifier(model).classify_many((picture for picture, _ in EXAMPLES), 1)
    return [(answer[0].label, answer.unknown) for answer in found]


RIGHT = [(label, False) for _, label in EXAMPLES]


def test_a_coarse_int8_network_knows_the_pictures_it_was_taught(file):
    taught = teach(EXAMPLES, file(12), normalise="0..1")
    assert answers(taught.to_tflite("float32")) == RIGHT
    assert answers(taught.to_tflite("int8")) == RIGHT
    assert not taught.int8_loss.matters
    # With the head and the rule for unknown of the float32 network, some of them would be unknown.
    as_before = answers(replace(taught, int8=None).to_tflite("int8"))
    assert any(unknown for _, unknown in as_before)


def test_what_int8_computes_is_what_its_head_was_fitted_on(file):
    taught = teach(EXAMPLES, file(12), normalise="0..1")
    backbone = taught.int8_backbone()
    for picture, label in EXAMPLES[::12]:
        distance = float(taught.int8.prototypes.distances(backbone.embed(picture)).min())
        answer = Classifier(taught.to_tflite()).classify(picture)
        assert answer[0].label == label
        assert answer.distance == pytest.approx(distance, abs=1e-3)


def test_a_loss_that_no_head_can_mend_is_said_with_figures(file):
    taught = teach(EXAMPLES, file(1000), normalise="0..1")
    assert taught.int8_loss.float32 == 1 and taught.int8_loss.int8 < 0.6 and taught.int8_loss.matters
    assert "int8 loses" in str(taught.int8_loss) and "float32 100.0%" in str(taught.int8_loss)


def test_teach_says_the_loss_and_offers_float32(file, tmp_path, whatsit_line):
    for number, (pixels, label) in enumerate(EXAMPLES):
        (tmp_path / "pictures" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "pictures" / label / f"{number}.png")
    told = ("teach", tmp_path / "pictures", "-o", tmp_path / "made.tflite", "--normalise", "0..1", "--backbone")
    status, said = whatsit_line(*told, file(1000))
    assert status == 0 and "int8 loses" in said and "--dtype float32" in said
    status, said = whatsit_line(*told, file(1000), "--dtype", "float32")
    assert status == 0 and "int8 loses" not in said and answers(tmp_path / "made.tflite") == RIGHT
    assert "int8 loses" not in whatsit_line(*told, file(12))[1]


def test_a_training_fits_both_heads_and_exports_between_them(file, tmp_path):
    notes = []
    design = Design(backbone=str(file(12)), normalise="0..1", epochs=40, learning_rate=0.3, augmentation=[], views=1)
    files = train(EXAMPLES, design, on_event=notes.append).save(tmp_path / "made.tflite")
    assert Remark.INT8_LOSS not in [note.remark for note in notes if isinstance(note, Note)]
    assert answers(files.int8) == answers(files.float32) == RIGHT
    for path in (files.int8, files.float32):
        assert verify(path) == []
        again = TaughtModel.from_file(path)
        assert answers(again.to_tflite("float32")) == RIGHT
    assert answers(TaughtModel.from_file(files.int8).to_tflite("int8", "int8")) == RIGHT


def test_a_training_says_the_loss(file):
    notes = []
    train(EXAMPLES, Design(backbone=str(file(1000)), normalise="0..1", epochs=2), on_event=notes.append)
    (note,) = [one for one in notes if isinstance(one, Note) and one.remark is Remark.INT8_LOSS]
    assert "float32 model beside it" in note.text


@pytest.mark.parametrize("convention", ["0..1", "-1..1", "0..255"])
def test_a_backbone_that_is_int8_already_is_taught_on_what_it_computes(tmp_path, convention):
    path = tmp_path / "quantised.tflite"
    path.write_bytes(int8(colour_classifier(convention), convention))
    taught = teach(EXAMPLES, path)
    assert taught.int8 is None and taught.int8_loss is None
    assert answers(taught.to_tflite()) == RIGHT


def test_one_picture_of_each_class_is_enough(file):
    alone = [(square(colour), label) for label, colour in COLOURS.items()]
    assert teach(alone, file(12), normalise="0..1").int8_loss is not None
