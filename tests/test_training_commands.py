"""whatsit train, test, bench and deploy, as a person at a terminal meets them."""

import json
import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from shape_pictures import write_shapes
from whatsit import verify
from whatsit.cli.app import app
from whatsit.errors import WhatsitError
from whatsit.importers import import_path
from whatsit.project import Project

LABELS = ("brick", "leaf", "sky")
QUICK = ["--size", "32", "--blocks", "4", "--views", "1", "--epochs", "15"]


@pytest.fixture
def project(tmp_path):
    write_shapes(tmp_path / "pictures", LABELS, 12)
    with Project(tmp_path / "shapes") as opened:
        import_path(opened.dataset, tmp_path / "pictures")
    return tmp_path / "shapes"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "60"})


def test_train_test_bench_and_deploy_follow_each_other(project, tmp_path):
    trained = run("train", project, *QUICK, "--json")
    assert trained.exit_code == 0, trained.output
    assert json.loads(trained.stdout)["labels"] == list(LABELS)
    assert verify(project / "models/model.tflite") == []
    tested = run("test", project)
    assert tested.exit_code == 0, tested.output
    assert "95 % interval" in tested.stdout
    assert all(len(line) <= 80 for line in tested.stdout.splitlines() if "Report" not in line)
    assert (project / "models/model.html").stat().st_size > 10_000
    assert json.loads((project / "models/model.json").read_text())["models"]["int8"]["pictures"] > 0
    benched = run("bench", project, "--sizes", "32,64", "--backbones", "lite0/3", "--json")
    assert benched.exit_code == 0, benched.output
    assert [one["name"] for one in json.loads(benched.stdout)["trials"]] == ["lite0/3@32", "lite0/3@64"]
    assert (project / "models/sweep.html").exists()
    deployed = run("deploy", project / "models/model.tflite", "litert", "-o", tmp_path / "out")
    assert deployed.exit_code == 0, deployed.output
    assert (tmp_path / "out/classify.py").exists()


def test_what_was_chosen_is_kept_for_the_next_time(project):
    run("train", project, *QUICK, "--seed", "7", "--augment", "flip,rotate")
    assert Project(project).settings.design["seed"] == 7
    again = json.loads(run("train", project, "--json").stdout)["design"]
    assert (again["seed"], again["size"], again["augmentation"]) == (7, 32, ["flip", "rotate"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train", "absent"], "no project here"), (["test", "PROJECT"], "no such model"),
        (["train", "PROJECT", "--colour", "blue"], "blue"), (["train", "PROJECT", "--size", "100"], "multiple of 32"),
        (["train", "PROJECT", "--name", "../up"], "up"), (["test", "PROJECT", "--split", "training"], "flatter"),
        (["bench", "PROJECT", "--sizes", "big"], "big"), (["bench", "PROJECT", "--fits", "tight"], "tight"),
        (["deploy", "absent.tflite", "litert", "-o", "out"], "absent"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(project, arguments, named):
    found = run(*(project if argument == "PROJECT" else argument for argument in arguments))
    assert isinstance(found.exception, WhatsitError)
    assert named in str(found.exception)
    assert "\n" not in str(found.exception)
    assert not list((project / "models").iterdir())


def test_ctrl_c_after_an_epoch_keeps_the_best_so_far_and_ends_with_130(project):
    command = [
        sys.executable,
        "-m",
        "whatsit.cli.app",
        "train",
        str(project),
        *QUICK[:-1],
        "10000",
        "--patience",
        "9999",
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as run:
        for line in run.stderr:
            if line.lstrip().startswith("3/10000"):
                run.send_signal(signal.SIGINT)
                break
        rest = run.stderr.read()
        assert run.wait() == 130, rest
    assert "best so far is kept" in rest
    assert verify(project / "models/model.tflite") == []
