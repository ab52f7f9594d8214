"""Teaching on a ``.tflite`` from elsewhere: what its network sees is told once, kept, and said where it is a guess."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from foreign_models import COLOURS, CONVENTIONS, LABELS, colour_classifier, int8, square
from whatsit import (
    ArgumentError,
    Backbone,
    BackboneChoice,
    Classifier,
    DataError,
    FewShotClassifier,
    ModelError,
    SelfLearnClassifier,
    teach,
)  # fmt: skip
from whatsit.errors import SettingError
from whatsit.live.recogniser import load_recogniser
from whatsit.tflite.normalisation import Origin
from whatsit.tflite.reading_file import keep_normalise, reading_file
from whatsit.training.design import Design
from whatsit.training.events import Note, Remark
from whatsit.training.train import train

TOLD = "-1..1"


def examples(pictures: int = 3) -> list[tuple[np.ndarray, str]]:
    rng = np.random.default_rng(0)
    return [
        (np.clip(square(colour) + rng.integers(-12, 13, (40, 60, 3)), 0, 255).astype(np.uint8), label)
        for label, colour in COLOURS.items()
        for _ in range(pictures)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A float32 model that wants -1..1 and does not say so."""
    path = tmp_path / "elsewhere.tflite"
    path.write_bytes(colour_classifier(TOLD))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:

    for number, (pixels, label) in enumerate(examples()):
        (tmp_path / "pictures" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "pictures" / label / f"{number}.png")
    return tmp_path / "pictures"


def green_in(convention: str) -> np.ndarray:
    mean, std = CONVENTIONS[convention]
    return (np.array(COLOURS["green"]) - mean) / std


class TestWhatTheNetworkSees:
    def test_it_is_told_with_the_backbone_and_kept_in_what_is_made_of_it(self, file, tmp_path):
        taught = teach(examples(), file, normalise=TOLD)
        assert taught.preprocess.mean == taught.preprocess.std == (127.5,)
        taught.save(tmp_path / "made.tflite", "float32")
        made = Classifier(tmp_path / "made.tflite")
        assert made.card is not None and made.card.network_preprocess.mean == (127.5,)
        assert [made.classify(square(colour))[0].label for colour in COLOURS.values()] == list(LABELS)

    @pytest.mark.parametrize("told", [TOLD, (127.5, 127.5), "127.5,127.5", ([127.5] * 3, [127.5] * 3)])
    def test_it_can_be_told_as_a_range_or_as_numbers(self, file, told):
        choice = BackboneChoice(str(file), normalise=told)
        np.testing.assert_allclose(choice.open().embed(square(COLOURS["green"])), green_in(TOLD), atol=1e-5)
        assert BackboneChoice(str(file), normalise=choice.normalise) == choice

    def test_features_keep_it_for_the_next_time(self, file, tmp_path):
        few = FewShotClassifier(file, normalise=TOLD)
        for pixels, label in examples():
            few.add(pixels, label)
        few.learn()
        few.save(tmp_path / "few.bin")
        assert json.loads((tmp_path / "few.bin.json").read_text())["records"][0]["normalise"] == TOLD
        for again in (FewShotClassifier.from_file(tmp_path / "few.bin"), load_recogniser(tmp_path / "few.bin")):
            assert again.preprocess.mean == (127.5,)
            assert again.classify(square(COLOURS["blue"]))[0].label == "blue"
        moved = file.rename(tmp_path / "moved.tflite")
        assert FewShotClassifier.from_file(tmp_path / "few.bin", moved).preprocess.mean == (127.5,)
        with pytest.raises(DataError, match="taught with backbone"):
            load_recogniser(tmp_path / "few.bin", backbone=moved, normalise="0..255")

    def test_maixpys_class_takes_it_too(self, file):
        assert SelfLearnClassifier(str(file), normalise="0..255").scale == [1, 1, 1]

    def test_a_training_keeps_it_with_its_design(self, file, tmp_path):
        notes = []
        trained = train(examples(), Design(backbone=str(file), normalise=TOLD, epochs=1), on_event=notes.append)
        assert trained.model.preprocess.mean == (127.5,)
        assert Design.from_dict(trained.design.to_settings()).normalise == TOLD
        assert Remark.GUESSED_NORMALISATION not in [note.remark for note in notes if isinstance(note, Note)]

    def test_a_training_says_that_it_guesses(self, file):
        notes = []
        train(examples(), Design(backbone=str(file), epochs=1), on_event=notes.append)
        (note,) = [one for one in notes if isinstance(one, Note) and one.remark is Remark.GUESSED_NORMALISATION]
        assert "0..1 is a guess" in note.text

    def test_a_backbone_says_how_it_knows_it_also_after_a_copy(self, file, tmp_path):
        guessed = Backbone.from_file(file)
        assert guessed.normalisation.origin is Origin.GUESS
        assert pickle.loads(pickle.dumps(guessed)).normalisation == guessed.normalisation
        assert copy.copy(Backbone.from_file(file, normalise=TOLD)).normalisation.origin is Origin.CALLER
        assert Backbone.from_file(int8(colour_classifier(TOLD), TOLD)).normalisation.origin is Origin.DTYPE
        assert Backbone.builtin(size=32, blocks=1).normalisation is None


class TestTheFileBesideAModel:
    def test_it_counts_for_classifiers_and_backbones_until_it_is_taken_away(self, file):
        keep_normalise(file, TOLD)
        assert Classifier(file, LABELS).normalisation.origin is Origin.BESIDE
        assert [Classifier(file, LABELS).classify(square(c))[0].label for c in COLOURS.values()] == list(LABELS)
        assert BackboneChoice(str(file)).open().preprocess.mean == (127.5,)
        assert Classifier(file, LABELS, normalise="0..255").preprocess.std == (1,)
        keep_normalise(file, None)
        assert Classifier(file, LABELS).normalisation.origin is Origin.GUESS
        keep_normalise(file, None)

    def test_a_model_that_whatsit_made_goes_by_its_card_alone(self, file, tmp_path):
        made = tmp_path / "made.tflite"
        teach(examples(), file, normalise=TOLD).save(made, "float32")
        keep_normalise(made, "0..255")
        assert (Classifier(made).preprocess.mean, Classifier(made).preprocess.std) == ((0,), (255,))

    @pytest.mark.parametrize(
        "content",
        [b"", b"normalise = 3", b'normalise = "0..2"', b"\xff\xfe", b"normalise", b"a = " + b"[" * 5000, b"x" * 2**15],
    )
    def test_a_damaged_one_is_refused_by_its_name_in_one_line(self, file, content):
        reading_file(file).write_bytes(content)
        with pytest.raises(DataError, match=r"elsewhere\.reading\.toml") as refused:
            Classifier(file, LABELS)
        assert "\n" not in str(refused.value)

    def test_a_name_full_of_control_characters_stays_in_its_comment(self, tmp_path):
        file = tmp_path / 'a\nnormalise = "0..255"\n#\x1b[31m.tflite'
        file.write_bytes(colour_classifier(TOLD))
        keep_normalise(file, TOLD)
        assert Classifier(file, LABELS).preprocess.mean == (127.5,)


class TestWhatAFileCannotTake:
    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"size": 160}, "size 160: .* takes 8 x 8 pixels"),
            ({"colour": "grey"}, "colour grey: .* takes colour pictures"),
            ({"blocks": 3}, "blocks 3: for built-in backbones only"),
            ({"multi_layer": True}, "multi_layer: for built-in backbones only"),
        ],
    )
    def test_it_is_refused_by_name(self, file, settings, expected):
        with pytest.raises(ModelError, match=expected):
            teach(examples(), BackboneChoice(str(file), **settings))

    def test_its_own_size_can_be_named(self, file):
        assert BackboneChoice(str(file), size=8).open().dim == 3

    def test_a_built_in_backbone_and_an_embedder_have_their_own_normalisation(self, file):
        with pytest.raises(ModelError, match="lite0 has its own normalisation"):
            teach(examples(), "lite0", normalise="0..1")
        with pytest.raises(ArgumentError, match="an embedder has its own"):
            FewShotClassifier(Backbone.from_file(file), normalise="0..1")
        with pytest.raises(SettingError, match="lite0 has its own"):
            Design(normalise="0..1")
        with pytest.raises(SettingError, match="expected 0..1"):
            Design(backbone=str(file), normalise="0..2")
        assert Design(backbone=str(file), normalise=TOLD).revised({"backbone": "lite0"}).normalise is None


class TestOnTheCommandLine:
    def test_teach_takes_keeps_and_says_it(self, file, folder, tmp_path, whatsit_line):
        status, said = whatsit_line(
            "teach", folder, "-o", tmp_path / "a.tflite", "--backbone", file, "--dtype", "float32"
        )
        assert status == 0 and said.count("whatsit: normalisation: 0..1 (a guess)") == 1 and "-1..1" in said
        told = ("--backbone", file, "--normalise", TOLD, "--dtype", "float32")
        status, said = whatsit_line("teach", folder, "-o", tmp_path / "b.tflite", *told)
        assert status == 0 and "a guess" not in said
        made = Classifier(tmp_path / "b.tflite")
        assert made.card is not None and made.card.network_preprocess.mean == (127.5,)

    @pytest.mark.parametrize("size", [160, 224])
    def test_a_size_that_the_file_does_not_have_is_refused_before_any_work(
        self, file, folder, tmp_path, whatsit_line, size
    ):
        status, said = whatsit_line("teach", folder, "-o", tmp_path / "a.tflite", "--backbone", file, "--size", size)
        assert status == 1 and f"size {size}: " in said and "takes 8 x 8 pixels" in said
        assert not (tmp_path / "a.tflite").exists()

    def test_classify_reads_taught_features_as_they_were_taught(self, file, folder, tmp_path, whatsit_line):
        whatsit_line("teach", folder, "-o", tmp_path / "a.bin", "--backbone", file, "--normalise", TOLD)
        status, said = whatsit_line("classify", folder / "red", "--model", tmp_path / "a.bin", "--json")
        assert status == 0 and "guess" not in said
        status, said = whatsit_line("classify", folder, "--model", tmp_path / "a.bin", "--normalise", "0..255")
        assert status == 1 and "taught with backbone" in said

    def test_live_and_test_take_it(self, file, folder, tmp_path, whatsit_line):
        live = ("live", "--camera", "synthetic:?fps=0&size=64x48", "--model", file, "-n", "1")
        assert "0..1 (a guess)" in whatsit_line(*live)[1]
        assert "a guess), the file" not in whatsit_line(*live, "--normalise", TOLD)[1]
        project = tmp_path / "project"
        whatsit_line("dataset", "import", folder, "--project", project)
        (project / "models").mkdir(exist_ok=True)
        (project / "models" / "elsewhere.tflite").write_bytes(file.read_bytes())
        (project / "models" / "labels.txt").write_text("\n".join(LABELS))
        judged = ("test", project, "--name", "elsewhere")
        assert "0..1 is a guess" in whatsit_line(*judged)[1]
        status, said = whatsit_line(*judged, "--normalise", TOLD)
        assert status == 0 and "guess" not in said
        found = json.loads((project / "models" / "elsewhere.json").read_text())
        assert found["models"]["int8"]["accuracy"] == 1
