"""The table of backbones: names, what can be chosen of each, and backbones that packages ship."""

import copy
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from installed_package import installed_here, write_package
from small_models import small_classifier
from whatsit import Backbone, BackboneChoice, Classifier, DataError, Fit, ModelError, TaughtModel, teach, verify
from whatsit.backbones import BACKBONES
from whatsit.backbones.builtin import builtin_model
from whatsit.studio.jobs.own_backbones import check_backbone
from whatsit.teaching.feature_store import taught_with
from whatsit.teaching.teach import embed_examples
from whatsit.tflite.flatbuffer import write_model
from whatsit.training.design import Design, TrainingMode
from whatsit.training.train import train

SOURCE = Path(__file__).resolve().parents[2] / "src"
TINY = """
from pathlib import Path
from whatsit.backbones.tflite_file import TfliteFile
TINY = TfliteFile(name="tiny", title="Tiny net", path=Path(__file__).with_name("tiny.tflite"))
"""
NETWORKS = {
    "float32": lambda: write_model(small_classifier(size=16).model),
    "int8": lambda: builtin_model(size=32, blocks=3),
}


def tiny_package(folder: Path, network: bytes) -> Path:
    written = write_package(folder, "tiny_net", TINY, {"whatsit.backbones": {"tiny": "tiny_net:TINY"}})
    (written / "tiny.tflite").write_bytes(network)
    return written


@pytest.fixture(params=NETWORKS)
def tiny(request, tmp_path, monkeypatch):
    """A package with a backbone that is a ``.tflite``, float32 or quantised; its arithmetic."""
    installed_here(monkeypatch, tiny_package(tmp_path / "packages", NETWORKS[request.param]()), BACKBONES)
    return request.param


def test_a_row_says_what_can_be_chosen_of_its_backbone():
    assert list(BACKBONES)[:3] == ["lite0", "lite1", "lite2"]
    for name in ("lite0", "lite1", "lite2"):
        row = BACKBONES[name]
        assert (row.name, row.title, row.fine_tunable) == (name, f"EfficientNet-L{name[1:]}", True)
        assert row.blocks == {"lite0": 16}.get(name, 21) and row.sizes[0] == 32 and row.file is None
        assert row.extra == (None if name == "lite0" else name)
    assert BACKBONES["lite0"].sweep_names == ("lite0", "lite0/11", "lite0/5")


def test_a_packages_backbone_is_taught_on_by_its_name(tiny, patches):
    model = teach(patches, BackboneChoice("tiny", fit=Fit.SQUASH))
    assert model.preprocess.width == {"float32": 16, "int8": 32}[tiny]
    content = model.to_tflite()
    assert verify(content) == []
    answers = Classifier(content).classify_many([picture for picture, _ in patches], top_k=1)
    assert np.mean([one[0].label == label for one, (_, label) in zip(answers, patches, strict=True)]) >= 0.7


def test_its_features_name_the_file_they_belong_to(tiny, patches, tmp_path):
    embed_examples(patches, "tiny").save_features(tmp_path / "my_classes.bin")
    origin = taught_with(tmp_path / "my_classes.bin")
    assert origin.file is not None and origin.file.resolve() == BACKBONES["tiny"].file.resolve()
    assert Backbone.from_file(origin.file).id == origin.backbone


def test_it_is_trained_on_by_its_name_with_its_own_size_and_written_in_its_own_arithmetic(tiny, patches, tmp_path):
    trained = train(patches, Design(backbone="tiny", views=1, epochs=3))
    assert (trained.design.size, trained.design.multi_layer) == ({"float32": 16, "int8": 32}[tiny], False)
    assert "size" not in trained.design.to_settings()
    if tiny == "int8":
        with pytest.raises(ModelError, match="tiny: quantised, its float32 weights are not in the file"):
            trained.model.to_tflite("float32")
        return
    (tmp_path / "m-float32.tflite").write_bytes(trained.model.to_tflite("float32"))
    (tmp_path / "m.tflite").write_bytes(trained.model.to_tflite())
    assert verify(TaughtModel.from_file(tmp_path / "m.tflite").to_tflite()) == []


def test_it_cannot_be_fine_tuned_and_pages_may_choose_it(tiny):
    with pytest.raises(DataError, match="backbone .tiny.: expected one of lite0, lite1, lite2 for fine-tuning"):
        Design(mode=TrainingMode.FINE_TUNE, backbone="tiny")
    check_backbone("tiny", [])


def test_the_command_line_lists_it_and_teaches_on_it(tmp_path, photographs, run_python):
    packages = tiny_package(tmp_path / "packages", NETWORKS["float32"]())
    for label, path in photographs.items():
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(2):
            (tmp_path / "pictures" / label / f"{number}.jpg").write_bytes(path.read_bytes())
    start = "import sys; from whatsit.cli.app import main; sys.argv = ['whatsit', *sys.argv[1:]]; main()"
    path = os.pathsep.join((str(packages), str(SOURCE)))
    wide = {"PYTHONPATH": path, "COLUMNS": "200"}
    assert "lite0, lite1, lite2, tiny, or any" in run_python(start, "teach", "--help", **wide).stdout
    output = tmp_path / "model.tflite"
    done = run_python(start, "teach", tmp_path / "pictures", "-o", output, "--backbone", "tiny", **wide)
    assert done.returncode == 0, done.stderr
    assert Classifier(output).preprocess.width == 16
    found = [json.loads(line) for line in run_python(start, "doctor", "--json", **wide).stdout.splitlines()]
    assert {"backbone lite0", "backbone tiny"} <= {finding["name"] for finding in found}


def test_a_name_that_no_row_has_is_refused_with_the_table(tiny):
    with pytest.raises(ModelError, match="backbone 'litex': expected one of lite0, lite1, lite2, tiny, or a .tflite"):
        BackboneChoice("litex").open()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_backbone_survives_copying_and_pickling_with_its_settings(copied, photographs):
    backbone = Backbone.builtin(size=64, blocks=3, fit=Fit.CONTAIN, threads=1)
    other = copied(backbone)
    assert (other.id, other.preprocess, other.dim) == (backbone.id, backbone.preprocess, backbone.dim)
    picture = photographs["china"]
    assert np.array_equal(other.embed(picture), backbone.embed(picture))
