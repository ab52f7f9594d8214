"""A program that knows no metadata, as books print it, is right about every file of ours."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.figures.textbook import classify

from shape_pictures import shape, write_shapes
from whatsit import BackboneChoice, Classifier, TaughtModel, teach, verify

LABELS = ("brick", "leaf", "sky")


@pytest.fixture(scope="module", params=["rgb", "grey"])
def taught(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TaughtModel:
    examples = write_shapes(tmp_path_factory.mktemp("shapes"), LABELS, 8)
    return teach(examples, BackboneChoice(size=96, colour=request.param, fit="squash"))


@pytest.mark.parametrize(
    ("dtype", "io", "border"),
    [
        ("int8", None, np.uint8),
        ("int8", "int8", np.int8),
        ("int8", "float32", np.float32),
        ("float32", None, np.float32),
        ("dynamic", None, np.float32),
    ],
)  # fmt: skip
def test_it_names_what_whatsit_names(
    taught: TaughtModel, tmp_path: Path, dtype: str, io: str | None, border: type
) -> None:
    file = tmp_path / "model.tflite"
    taught.save(file, dtype, io)
    classifier = Classifier(file)
    assert classifier.takes == border and verify(file) == []
    pictures = []
    for number in range(12):  # of the model's size: how a program makes pictures small does not count
        pictures.append(tmp_path / f"{number}.png")
        shape(LABELS[number % 3], 100 + number, (96, 96)).save(pictures[-1])
    named = [classify(picture, file.read_bytes(), LABELS)[0][0] for picture in pictures]
    assert named == [answer[0].label for answer in classifier.classify_many(pictures)]
    assert len(set(named)) == len(LABELS)


def test_a_file_becomes_the_other_kinds_again(taught: TaughtModel, tmp_path: Path) -> None:
    taught.save(tmp_path / "a.tflite", "float32")
    again = TaughtModel.from_file(tmp_path / "a.tflite")
    assert again.to_tflite("int8") == taught.to_tflite("int8")
    assert again.to_tflite("float32") == taught.to_tflite("float32")
    taught.save(tmp_path / "b.tflite", "int8", "int8")
    assert TaughtModel.from_file(tmp_path / "b.tflite").to_tflite("float32") == taught.to_tflite("float32")


def test_a_file_of_ours_can_be_the_backbone_of_another(taught: TaughtModel, tmp_path: Path) -> None:
    own = tmp_path / "own.tflite"
    taught.save(own, "float32")
    examples = write_shapes(tmp_path / "shapes", LABELS, 6, first=50)
    again = teach(examples, BackboneChoice(str(own), fit="squash"))
    again.save(tmp_path / "a-float32.tflite", "float32")
    again.save(tmp_path / "a.tflite", "int8")
    assert TaughtModel.from_file(tmp_path / "a.tflite").to_tflite("int8") == (tmp_path / "a.tflite").read_bytes()
    pictures = [picture for picture, _ in examples]
    answers = [
        [answer[0].label for answer in Classifier(again.to_tflite(*kind)).classify_many(pictures)]
        for kind in (("float32",), ("int8",), ("int8", "int8"), ("int8", "float32"))
    ]
    assert all(answer == answers[0] for answer in answers)
