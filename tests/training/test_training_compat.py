"""What earlier versions wrote is read: the project, its design, its run, its reports and its sweep."""

import json
import shutil

import pytest

from whatsit import Classifier, Project, load_image, verify
from whatsit.evaluation.sweep import Trial
from whatsit.evaluation.sweep_record import SweepRecord
from whatsit.studio.jobs.runs import Runs
from whatsit.training.design import Design, TrainingMode
from whatsit.training.record import ModelFiles, load_record


@pytest.fixture
def old(shared_data, tmp_path):
    """A copy of the project that whatsit 0.1.0 wrote, and what its model must answer."""
    shutil.copytree(shared_data / "compat/project", tmp_path / "project")
    expected = json.loads((shared_data / "compat/expected.json").read_text())
    return tmp_path / "project", expected


def test_the_design_in_whatsit_toml_is_read_by_its_former_names_and_kept_by_the_new_ones(old):
    folder, _ = old
    written = (folder / "whatsit.toml").read_text()
    assert 'way = "frozen"' in written and "joined = true" in written
    with Project(folder) as project:
        design = Design.from_dict(project.settings.design)
        assert design == Design(TrainingMode.FROZEN, "lite0", 96, fit="cover", multi_layer=True, class_weights=False)
    assert {"mode", "multi_layer"} <= design.to_settings().keys()
    assert not {"way", "joined"} & design.to_settings().keys()


def test_the_run_is_listed_with_its_design_and_its_curves(old):
    folder, _ = old
    runs = Runs(folder / "models", folder / ".whatsit/tests")
    (run,) = runs.view()
    assert (run["name"], run["design"]["mode"], run["design"]["size"]) == ("small", "frozen", 96)
    assert run["headline"] == ["backbone", "size", "fit"]
    rows = runs.epochs("small")
    assert rows[0]["number"] == 1 and run["best"] in rows
    design, history = load_record(ModelFiles(folder / "models", "small"))
    assert design == Design(size=96, fit="cover", class_weights=False) and len(history) == len(rows)


def test_the_model_answers_as_it_did(old, shared_data):
    folder, expected = old
    model = folder / "models/small.tflite"
    assert verify(model) == []
    classifier = Classifier(model)
    said = expected["project/models/small.tflite"]
    assert list(classifier.labels) == said["labels"] and classifier.card.threshold == said["threshold"]
    for path, answer in said["answers"].items():
        found = classifier.classify(load_image(shared_data / "compat" / path))
        assert {one.label: one.score for one in found} == pytest.approx(answer["scores"], abs=1e-3)
        assert found.unknown is answer["unknown"]


def test_a_sweep_of_an_earlier_version_is_shown(old):
    folder, _ = old
    row = {
        "name": "lite0@96", "backbone": "lite0", "size": 96, "blocks": None, "fit": "cover", "accuracy": 0.9,
        "interval": [0.6, 0.98], "pictures": 10, "milliseconds": 1.5, "milliseconds_p95": 1.7, "size_bytes": 4000000,
        "memory_bytes": 90000000, "multiply_adds": 70000000, "right": 9, "threads": 2,
    }  # fmt: skip
    (folder / ".whatsit/sweep.json").write_text(json.dumps([row]))
    with Project(folder) as project:
        (trial,) = SweepRecord(project).trials()
    assert trial == Trial.from_dict(row) and (trial.title, trial.accuracy) == ("lite0@96", 0.9)


def test_a_report_of_an_earlier_version_still_sums_up_its_test(old):
    folder, _ = old
    measurement = {
        "milliseconds": 2.5,
        "milliseconds_p95": 3.0,
        "memory": 1,
        "size": 1,
        "multiply_adds": 1,
        "threads": 2,
    }
    int8 = {"accuracy": 0.9, "right": 9, "pictures": 10, "measurement": measurement}
    report = {"title": "old", "design": {"way": "frozen", "joined": True}, "models": {"int8": int8}}
    (folder / "models/small.json").write_text(json.dumps(report))
    (run,) = Runs(folder / "models", folder / ".whatsit/tests").view()
    assert run["test"] == {"accuracy": 0.9, "ms": 2.5}
