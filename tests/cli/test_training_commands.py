"""whatsit train, test, sweep and deploy, as a person at a terminal meets them."""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from random import Random
from time import monotonic

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from shape_pictures import write_shapes
from whatsit import TaughtModel, verify
from whatsit.cli.app import app
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.label import STRANGERS
from whatsit.datasets.project import Project
from whatsit.errors import WhatsitError

TRAINER = """
import os, sys
import ai_edge_quantizer, rich.progress, whatsit.evaluation.sweep, whatsit.training.record
from whatsit.cli.app import main
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(2, 1)
        sys.argv = ["whatsit", "train", *line.rstrip("\\n").split("\\t")]
        try:
            main()
        except SystemExit as ended:
            os._exit(ended.code or 0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Trains in a fork for every line of arguments, so that a test can afford to end it many times."""

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


def mark(project, folder, counts):
    """Put pictures of sand into a project as marked strangers, so many in each split."""
    pictures = iter(path for path, _ in write_shapes(folder, ("sand",), sum(counts.values())))
    with Project(project) as opened:
        for split, count in counts.items():
            for _ in range(count):
                opened.dataset.add(next(pictures).read_bytes(), STRANGERS, split=split)


def marked_in(model):
    rule = TaughtModel.from_file(model).unknown
    return len(rule.strangers)


@pytest.mark.parametrize("below", ["", "dataset"])
def test_teaching_from_a_project_reads_its_marked_strangers_and_says_how_many(project, tmp_path, below):
    mark(project, tmp_path, {"training": 3, "validation": 1, "test": 2})
    model = tmp_path / "taught.tflite"
    done = run("teach", project / below, "-o", model, "--size", "32", "--blocks", "4", "--fit", "squash")
    assert done.exit_code == 0, done.output
    assert "3 marked strangers: what looks like them is unknown" in done.stdout
    assert marked_in(model) == 3, "those that are held out mark nothing"
    assert "marked as none of the classes, kept for test" in " ".join(done.stderr.split())


def test_training_reads_the_marked_strangers_of_its_split_and_says_how_many(project, tmp_path):
    assert "marked stranger" not in run("train", project, *QUICK).stdout
    assert marked_in(project / "models/model.tflite") == 0
    mark(project, tmp_path, {"training": 2, "validation": 1, "test": 3})
    done = run("train", project, *QUICK)
    assert done.exit_code == 0, done.output
    assert "2 marked strangers: what looks like them is unknown" in done.stdout
    assert marked_in(project / "models/model.tflite") == 2
    assert marked_in(project / "models/model-float32.tflite") == 2
    assert json.loads(run("train", project, *QUICK, "--json").stdout)["strangers"] == 2


def test_what_a_file_as_backbone_has_made_already_cannot_be_chosen(project, shared_data):
    backbone = shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite"
    for choice in (["--size", "96"], ["--colour", "grey"], ["--blocks", "3"], ["--no-multi-layer"]):
        done = run("train", project, "--backbone", backbone, *choice)
        name, value = choice[0].replace("no-", ""), choice[-1]
        value = {"grey": "'grey'", "--no-multi-layer": "False"}.get(value, value)
        told = f"{name} {value}: expected no value: {backbone.name} has its own; leave it out"
        assert done.exit_code == 1 and told in str(done.exception)
    assert run("train", project, *QUICK).exit_code == 0
    done = run("train", project, "--backbone", backbone, "--views", "1", "--json")
    assert json.loads(done.stdout)["design"]["size"] == 128
    with Project(project) as opened:
        assert "size" not in opened.settings.design


def test_a_project_in_use_is_refused_before_training_and_reports_go_with_the_model_they_judged(project, run_python):
    for _ in range(2):
        assert run("train", project, *QUICK).exit_code == 0
        assert not [path for path in (project / "models").iterdir() if path.suffix == ".html"]
        for name in ("model", "model-float32"):
            assert run("test", project, "--name", name).exit_code == 0
    with Project(project) as opened, opened.dataset.held():
        source = "import sys; from whatsit.cli.app import main; sys.argv = ['whatsit', 'train', sys.argv[1]]; main()"
        done = run_python(source, project)
    assert done.returncode == 1 and "in use by process" in done.stderr and "1/60" not in done.stderr


def test_a_preset_says_its_time_and_options_go_on_top_of_it(project):
    asked = ("--preset", "quick", "--size", "32", "--blocks", "3", "--epochs", "1")
    before = (project / "whatsit.toml").read_text()
    found = run("train", project, *asked, "--how-long", "--json")
    assert found.exit_code == 0, found.output
    assert list(json.loads(found.stdout)["seconds"]) == ["quick"]
    assert (project / "whatsit.toml").read_text() == before and not list((project / "models").iterdir())
    trained = run("train", project, *asked)
    assert trained.exit_code == 0, trained.output
    assert re.search(r"Note: about \d+ s, from a few steps", " ".join(trained.stderr.split()))
    kept = Project(project).settings.design
    assert (kept["mode"], kept["size"], kept["blocks"]) == ("frozen", 32, 3)
    assert run("train", project, "--preset", "perfect").exit_code == 2


@pytest.mark.parametrize(("there", "command", "options"), [("valid", "test", []), ("test", "sweep", ["--sizes", "32"])])
def test_an_empty_split_that_the_source_decided_is_told_what_helps(tmp_path, there, command, options):
    write_shapes(tmp_path / "pictures/train", LABELS, 12)
    write_shapes(tmp_path / "pictures" / there, LABELS, 4, first=50)
    with Project(tmp_path / "given") as opened:
        import_path(opened.dataset, tmp_path / "pictures")
    assert run("train", tmp_path / "given", *QUICK).exit_code == 0
    assert "or in dataset/splits.csv" in str(run(command, tmp_path / "given", *options).exception)


def test_train_test_sweep_and_deploy_follow_each_other(project, tmp_path):
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
    swept = run("sweep", project, "--sizes", "32,64,32", "--backbones", "lite0/3", "--json")
    assert swept.exit_code == 0, swept.output
    assert [one["name"] for one in json.loads(swept.stdout)["trials"]] == ["lite0/3@32", "lite0/3@64"]
    assert "Recommended: lite0/3@" in (project / "models/sweep.html").read_text()
    assert run("test", project).exit_code == 0  # the report shows the sweep from now on
    assert all(name in (project / "models/model.html").read_text() for name in ("lite0/3@32", "lite0/3@64"))
    deployed = run("deploy", project / "models/model.tflite", "litert", "-o", tmp_path / "out")
    assert deployed.exit_code == 0, deployed.output
    assert (tmp_path / "out/classify.py").exists()
    deployed = run("deploy", project / "models/model.tflite", "maixpy", "-o", tmp_path / "maixpy")
    assert deployed.exit_code == 0, deployed.output
    assert (tmp_path / "maixpy/my_classes.bin").exists()


def test_a_sweep_without_a_fit_says_the_one_it_chose_for_oblong_pictures(tmp_path):
    random, root = np.random.default_rng(0), tmp_path / "oblong"
    for number in range(48):
        picture = random.integers(0, 60, (32, 96, 3), np.uint8)
        picture[8:24, :20] = 250 * (number % 2)  # where cover does not look
        folder = root / "dataset" / ("marked" if number % 2 else "plain")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{number}.png")
    swept = run("sweep", root, "--sizes", "32", "--backbones", "lite0/3")
    assert swept.exit_code == 0, swept.output
    assert "chosen: fit" in swept.output and "lite0/3@32 " in swept.output
    asked = run("sweep", root, "--sizes", "32", "--backbones", "lite0/3", "--fits", "cover")
    assert asked.exit_code == 0 and "chosen" not in asked.output


def test_the_held_out_result_outlives_a_look_at_validation_but_not_the_model_it_judged(project):
    models = project / "models"
    assert run("train", project, *QUICK).exit_code == run("test", project).exit_code == 0
    held_out = [(models / name).read_bytes() for name in ("model.html", "model.json")]
    looked = run("test", project, "--split", "validation")
    assert looked.exit_code == 0 and "validation pictures right" in looked.output
    assert held_out == [(models / name).read_bytes() for name in ("model.html", "model.json")]
    said = {name: json.loads((models / name).read_text())["split"] for name in ("model.json", "model-validation.json")}
    assert list(said.values()) == ["test", "validation"]
    assert "held-out test pictures right" in (models / "model.html").read_text()
    assert "not the held-out test" in (models / "model-validation.html").read_text()
    assert run("train", project, *QUICK, "--seed", "1").exit_code == 0
    assert {path.name for path in models.iterdir()} == {"model.tflite", "model-float32.tflite", "model.training.json"}


def test_a_project_of_one_picture_a_class_trains_and_says_which_splits_are_empty(tmp_path):
    write_shapes(tmp_path / "pictures", LABELS, 1)
    with Project(tmp_path / "few") as opened:
        import_path(opened.dataset, tmp_path / "pictures")
        assert {split for _, _, split in opened.dataset} == {"training"}
    assert run("train", tmp_path / "few", *QUICK).exit_code == 0
    for command, named in (["test"], "no pictures in the test split"), (["sweep", "--sizes", "32"], "validation split"):
        assert named in str(run(command[0], tmp_path / "few", *command[1:]).exception)
    assert not (tmp_path / "few/models/model.html").exists()


def test_what_was_chosen_is_kept_for_the_next_time_until_defaults_are_asked_for(project):
    run("train", project, *QUICK, "--seed", "7", "--augment", "flip,rotate")
    assert Project(project).settings.design["seed"] == 7
    again = json.loads(run("train", project, "--json").stdout)["design"]
    assert (again["seed"], again["size"], again["augmentation"]) == (7, 32, ["flip", "rotate"])
    anew = json.loads(run("train", project, "--defaults", *QUICK, "--json").stdout)["design"]
    assert (anew["seed"], anew["size"], anew["augmentation"]) == (0, 32, ["flip", "zoom", "brightness"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train", "absent"], "no project here"), (["test", "PROJECT"], "no such model"),
        (["train", "PROJECT", "--colour", "blue"], "blue"), (["train", "PROJECT", "--size", "20"], "32 to 512"),
        (["train", "PROJECT", "--name", "../up"], "up"),
        (["train", "PROJECT", "--name", "m-validation"], "is reserved"),
        (["test", "PROJECT", "--split", "training"], "knows its training pictures"),
        (["train", "PROJECT", "--augment", "flip,foo"], "--augmentation 'foo': expected any of flip, zoom"),
        (["train", "PROJECT", "--seed", "-1"], "--seed -1: expected 0 to 2,147,483,647"),
        (["train", "PROJECT", "--mode", "fine-tune", "--unfrozen-blocks", "17"], "--unfrozen-blocks 17: expected 0 to"),
        (["train", "PROJECT", "--mixup"], "--mixup True: expected no value in mode frozen; only fine-tune"),
        (["train", "PROJECT", "--mode", "scratch", "--hidden", "8"], "--hidden 8: expected no value in mode"),
        (["sweep", "PROJECT", "--sizes", "big"], "big"), (["sweep", "PROJECT", "--fits", "tight"], "tight"),
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


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_ended_at_any_moment_training_leaves_a_whole_model_in_use_and_nothing_else(project, tmp_path, ending):
    random, told = Random(5), tmp_path / "told.txt"
    models, expected = project / "models", {"model.tflite", "model-float32.tflite", "model.training.json"}
    with subprocess.Popen([sys.executable, "-c", TRAINER, told], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}) as trainer:  # fmt: skip

        def train(seed, moment=None):
            """The exit status of a training that ends of itself, or is ended after so many seconds."""
            before = (models / "model.tflite").read_bytes() if seed else b""
            trainer.stdin.write("\t".join([str(project), *QUICK, "--seed", str(seed)]) + "\n")
            trainer.stdin.flush()
            child = int(trainer.stdout.readline())
            if moment is not None:
                select.select([trainer.stdout], [], [], moment)  # the random moment itself: nothing is waited for
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, ending)
            status = int(trainer.stdout.readline())
            assert {path.name for path in models.iterdir()} == expected
            assert verify(models / "model.tflite") == verify(models / "model-float32.tflite") == []
            return status, (models / "model.tflite").read_bytes() == before

        began = monotonic()
        assert train(0) == (0, False)
        whole = monotonic() - began
        for seed in range(1, 21):
            shutil.rmtree(project / ".whatsit/embeddings", ignore_errors=True)
            status, same = train(seed, whole * random.random())
            lines = told.read_text().splitlines()
            if ending == signal.SIGINT:
                assert status in (0, 130) and not any("Traceback" in line or "Ignored" in line for line in lines), lines
                if same and status == 130:
                    assert not lines or lines[-1].startswith("whatsit: stopped")  # none: before it began
                else:  # the last line: after the model was written, while its figures were about to be shown
                    assert status == 0 or "best so far is kept" in "".join(lines) or lines[-1] == "whatsit: stopped"
            else:
                assert status in (0, -signal.SIGKILL)
        trainer.stdin.close()


def test_a_picture_that_cannot_be_read_is_named_by_train_and_test(project):
    (project / "dataset" / LABELS[0] / "broken.jpg").write_bytes(b"not a picture")
    for command in (("train", project, *QUICK), ("test", project)):
        done = run(*command)
        assert done.exit_code == 0, done.output
        assert f"left out: {LABELS[0]}/broken.jpg" in " ".join(done.stderr.split())


def test_what_was_chosen_for_another_mode_or_backbone_is_not_taken_over(project):
    settings = project / "whatsit.toml"
    settings.write_text(
        settings.read_text() + '\n[design]\nway = "scratch"\nbackbone = "lite1"\nepochs = 2\nblocks = 3\n'
    )
    done = run("train", project, "--mode", "frozen", "--backbone", "lite0", "--size", "32", "--patience", "1", "--json")
    assert done.exit_code == 0, done.output
    assert not {"epochs", "blocks"} & set(json.loads(done.stdout)["design"])


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--max-mb", "nan", "--max-mb nan"), ("--max-ms", "-1", "--max-ms -1"), ("--threads", "0", "--threads 0"),
        ("--sizes", "32,20", "20"),
        ("--backbones", "lite0/3,lite0/99", "99 blocks: lite0 has 1 to 16"),
        ("--backbones", "lite0/3,absent.tflite", "absent.tflite: no such"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused_before_the_last_sweep_is_forgotten(project, option, value, told):
    record = project / ".whatsit/sweep.json"
    record.write_text("[]")
    found = run("sweep", project, "--sizes", "32", option, value)
    assert isinstance(found.exception, WhatsitError) and told in str(found.exception)
    assert record.read_text() == "[]" and not (project / "models/sweep.html").exists()


def test_a_choice_that_whatsit_toml_remembers_wrongly_is_told_with_the_way_out(project):
    settings = project / "whatsit.toml"
    settings.write_text(settings.read_text() + "\n[design]\nblocks = 17\n")
    told = str(run("train", project).exception)
    expected = "whatsit.toml: blocks 17: expected 1 to 16, the number of blocks in lite0; or start from the defaults"
    assert told == f"{expected} with  --defaults"
