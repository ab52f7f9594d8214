"""The table of deploy targets: one row says what the command line, the page and the guide say."""

import dataclasses
import json
import os
import re
from pathlib import Path

import pytest

from installed_package import write_package
from whatsit import ModelError
from whatsit.deployment.deploy import deploy, offers
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Need, Target, Written
from whatsit.deployment.targets import TARGETS
from whatsit.errors import PluginError
from whatsit.imaging.preprocess import Colour, Fit
from whatsit.models.card import read_card
from whatsit.tflite.metadata import read_files

REPOSITORY = Path(__file__).resolve().parents[2]
LOCALES = REPOSITORY / "src/whatsit/studio/pages/shared/locales"
TOASTER = """
from pathlib import Path
from whatsit.deployment.target import Target, Written

TOASTER = Target(
    name="toaster", title="Toaster", description="the model as the toaster reads it",
    program=Path(__file__).with_name("toaster.txt").read_text(),
    write=lambda source: Written({"toast/model.tflite": source.content}, ("keep it away from water",)),
    refusal=lambda card: "takes at most 2 classes; teach fewer" if len(card.labels) > 2 else None,
    notes=lambda card: (f"browns at {card.width} pixels",),
)
"""


@pytest.fixture(scope="module")
def model(taught, tmp_path_factory):
    """Two classes at 96 pixels, cover."""
    file = tmp_path_factory.mktemp("model") / "model.tflite"
    file.write_bytes(taught.to_tflite())
    return file


@pytest.fixture(scope="module")
def cards(model):
    """One card for every combination that a target's rules tell apart."""
    card = read_card(read_files(model.read_bytes()), "model")
    return [
        dataclasses.replace(card, fit=fit, colour=colour, width=size, height=size)
        for fit in Fit
        for colour in Colour
        for size in (96, 224)
    ]


@pytest.fixture
def toaster(tmp_path, run_python):
    """``whatsit …`` in a process that has a package with a target installed."""
    packages = write_package(
        tmp_path / "packages", "toasting", TOASTER, {"whatsit.targets": {"toaster": "toasting:TOASTER"}}
    )
    (packages / "toaster.txt").write_text("{FITTED}\nprint('ding', ({SIZE}))\n")
    start = "import sys; from whatsit.cli.app import main; sys.argv = ['whatsit', *sys.argv[1:]]; main()"
    path = os.pathsep.join((str(packages), str(REPOSITORY / "src")))
    return lambda *arguments: run_python(start, *arguments, PYTHONPATH=path, COLUMNS="200")


def test_each_row_is_under_its_own_name_with_a_program_for_any_fit():
    assert list(TARGETS)[:6] == ["litert", "teachable-machine", "mediapipe", "frigate", "maixpy", "c-array"]
    for name, target in TARGETS.items():
        assert (target.name, TARGETS.broken) == (name, ())
        assert target.title and target.description and "sys.argv" in target.program
        assert "{FITTED}" in target.program or name == "frigate"


def test_an_offer_is_what_deploy_then_does(model, tmp_path):
    for offer in offers(model):
        if Need.TRAINING_PICTURES in offer.target.needs:
            continue
        if offer.refusal is None:
            made = deploy(model, offer.name, tmp_path / offer.name)
            assert set(offer.notes) <= set(made.remarks)
        else:
            with pytest.raises(ModelError, match=f"{offer.target.title} takes 224 x 224"):
                deploy(model, offer.name, tmp_path / offer.name)


def test_every_target_refuses_a_model_that_cannot_be_deployed_at_all(taught, tmp_path):
    (tmp_path / "float.tflite").write_bytes(taught.to_tflite("float32"))
    found = offers(tmp_path / "float.tflite")
    assert len(found) == len(TARGETS) and all("deploy the int8 model" in str(offer.refusal) for offer in found)


def test_maixpy_takes_models_of_every_training_mode_that_take_colour(cards):
    taken = [TARGETS["maixpy"].refusal(dataclasses.replace(card, backbone="fine-tune-lite0:1234@96")) for card in cards]
    assert [refusal is None for refusal in taken] == [card.colour is Colour.RGB for card in cards]


def test_a_model_that_tensorflow_lite_micro_cannot_run_is_noted_and_written_all_the_same(shared_data, tmp_path):
    made = deploy(shared_data / "compat/project/models/small.tflite", "c-array", tmp_path / "c")
    (said,) = [line for line in made.remarks if line.key == "c_lacks"]
    assert "CONCATENATION: joins 12 tensors" in str(said) and "model.c" in made.files
    for file in LOCALES.glob("*.json"):
        words = json.loads(file.read_text("utf-8"))["remark.c_lacks"]
        assert "{what}" in words and (file.stem != "en" or words == said.text)


def test_the_pages_english_words_are_the_rows_own_and_other_languages_have_them_too(cards, model, patches, tmp_path):
    """What a row says in Python is translated under its key; the English beside the translations never drifts."""
    said: dict[str, str] = {}
    for name, target in TARGETS.items():
        said |= {f"target.{name}": target.title, f"target.{name}_hint": target.description}
        for card in cards:
            for line in (target.refusal(card), *target.notes(card)):
                if isinstance(line, Remark):
                    said[f"remark.{line.key}"] = line.text
    broken = [*patches, (tmp_path / "gone.jpg", "china")]
    for number, judged in enumerate(([], patches[:2])):
        made = deploy(model, "maixpy", tmp_path / str(number), taught=broken, judged=judged)
        said |= {f"remark.{line.key}": line.text for line in made.remarks}
    assert {"remark.maixpy_agrees", "remark.maixpy_differs", "remark.maixpy_left_out"} < said.keys()
    files = list(LOCALES.glob("*.json"))
    assert len(said) >= 20 and len(files) >= 2
    for file in files:
        words = json.loads(file.read_text("utf-8"))
        assert said.keys() <= words.keys(), file.name
        if file.stem == "en":
            assert {key: words[key] for key in said} == said


def test_the_guide_lists_every_target():
    guide = (REPOSITORY / "docs/training.md").read_text()
    table = guide.partition("| target | files | note |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(TARGETS)


def test_a_package_adds_a_target_that_the_command_line_lists_and_runs(toaster, model, tmp_path):
    assert "c-array, toaster" in " ".join(toaster("deploy", "--help").stdout.split())
    done = toaster("deploy", model, "toaster", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/toast/model.tflite").read_bytes() == model.read_bytes()
    assert (tmp_path / "out/classify.py").read_text().endswith("print('ding', (96, 96))\n")
    assert "keep it away from water" in done.stderr and "browns at 96 pixels" in done.stderr
    wrong = toaster("deploy", model, "kettle", "-o", tmp_path / "other")
    assert (wrong.returncode, wrong.stderr.strip()[-16:]) == (1, "c-array, toaster")


def test_a_targets_refusal_is_one_line_after_its_title(toaster, patches, tmp_path):
    from whatsit import BackboneChoice, teach

    three = [(picture, label if number % 3 else "third") for number, (picture, label) in enumerate(patches)]
    (tmp_path / "three.tflite").write_bytes(teach(three, BackboneChoice(size=32)).to_tflite())
    done = toaster("deploy", tmp_path / "three.tflite", "toaster", "-o", tmp_path / "out")
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    assert done.stderr.strip().endswith("three.tflite: Toaster takes at most 2 classes; teach fewer")


@pytest.mark.parametrize("name", ["../escaped.txt", "/tmp/escaped.txt", "a/../../b", "classify.py", ""])
def test_a_target_writes_nothing_outside_its_folder(model, tmp_path, monkeypatch, name):
    careless = Target(name="careless", title="", description="", program="", write=lambda source: Written({name: b""}))
    monkeypatch.setitem(TARGETS._loaded, "litert", careless)
    with pytest.raises(PluginError, match="target 'careless': cannot write a file"):
        deploy(model, "litert", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_package_whose_target_fails_spoils_no_other_offer(model, monkeypatch):
    def refusal(card):
        raise ZeroDivisionError("no\nway")

    monkeypatch.setitem(TARGETS._loaded, "frigate", dataclasses.replace(TARGETS["frigate"], refusal=refusal))
    found = {offer.name: offer.refusal for offer in offers(model)}
    assert found["frigate"] == "fails on this model (ZeroDivisionError: 'no\\nway')" and found["litert"] is None
