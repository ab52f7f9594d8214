"""The commands  cameras, capture  and  live  as a person or a script uses them."""

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

import outside_rows
from whatsit.backbones.backbone import Backbone
from whatsit.cameras import open_camera
from whatsit.cameras.demo_scene.scene import Scene
from whatsit.cameras.sources import CAMERAS
from whatsit.cli import cameras, capture, live
from whatsit.datasets.project import Project
from whatsit.errors import DataError, WhatsitError
from whatsit.teaching.selflearn import SelfLearnClassifier

app = typer.Typer()
for command in (cameras, capture, live):
    command.register(app)


def run(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mug and book, taught from the demonstration scene."""
    classifier = SelfLearnClassifier(Backbone.builtin(), dual_buff=False)
    for name in ("mug", "book"):
        classifier.add_class(Scene(objects=(name,)).render(0), label=name)
        for number in (40, 80):
            classifier.add_sample(Scene(objects=(name,)).render(number), label=name)
    classifier.learn()
    path = tmp_path_factory.mktemp("features") / "things.bin"
    classifier.save(path)
    return path


def test_cameras_lists_the_demonstration_scene_everywhere() -> None:
    assert any(line.startswith("synthetic:") for line in run("cameras"))
    last = json.loads(run("cameras", "--json")[-1])
    assert last == {"address": "synthetic:", "name": "the demonstration scene", "device": False}


def test_cameras_shows_an_example_of_every_other_kind() -> None:
    shown = CliRunner().invoke(app, ["cameras"]).stderr
    for source in CAMERAS.rows():
        assert (source.example in shown) == (source.found is None), source.example


def test_capture_takes_pictures_that_never_collide(tmp_path: Path) -> None:
    uri = "synthetic:?object=mug&fps=0&size=64x48"
    taken: list[str] = []
    for _ in range(2):
        taken += run(
            "capture",
            "--camera",
            uri,
            "--label",
            "mug",
            "-n",
            "5",
            "--every",
            "0",
            "--project",
            str(tmp_path),
        )
    # The scene begins with the same picture each time: the very same bytes are kept once.
    files = sorted((tmp_path / "dataset" / "mug").glob("*.jpg"))
    assert len(files) == 5
    assert {Path(line).resolve() for line in taken} == {file.resolve() for file in files}
    for file in files:
        with Image.open(file) as picture:
            assert picture.size == (64, 48)


@pytest.mark.parametrize("label", ["../../etc", "a/b", ".."])
def test_a_label_is_never_a_path(tmp_path: Path, label: str) -> None:
    project = tmp_path / "project"
    run("capture", "--camera", "synthetic:?fps=0&size=64x48", "--label", label, "--project", str(project))
    pictures = list(tmp_path.rglob("*.jpg"))
    assert len(pictures) == 1
    assert pictures[0].parent.parent == project / "dataset"


@pytest.mark.parametrize("label", ["", "a\0b", "x" * 10_000])
def test_a_label_that_cannot_be_used_takes_no_picture(tmp_path: Path, label: str) -> None:
    result = CliRunner().invoke(
        app, ["capture", "--camera", "synthetic:", "--label", label, "--project", str(tmp_path / "p")]
    )
    assert isinstance(result.exception, WhatsitError)
    assert "\n" not in str(result.exception)
    assert not list(tmp_path.rglob("*.jpg"))


def test_live_says_a_line_a_change_and_no_more(features: Path) -> None:
    uri = "synthetic:?object=mug,book&fps=0&dwell=60"
    lines = run("live", "--camera", uri, "--model", str(features), "-n", "150", "--json")
    records = [json.loads(line) for line in lines]
    labels = [record["label"] for record in records if record["state"] == "label"]
    assert {"mug", "book"} <= set(labels)
    assert len(records) < 30
    for before, after in pairwise(records):
        assert (before["state"], before["label"]) != (after["state"], after["label"])
    assert {"time", "state", "label", "score", "unknown", "predictions", "fps", "age_ms"} <= records[0].keys()


def test_live_says_how_many_frames_showed_what_the_one_before_did(features: Path, tmp_path: Path) -> None:
    Image.fromarray(Scene(objects=("mug",)).render(20)).save(tmp_path / "one.png")
    (tmp_path / "two.png").write_bytes((tmp_path / "one.png").read_bytes())
    camera = ["--camera", f"folder:{tmp_path}?fps=0&loop=1", "--model", str(features), "-n", "4"]
    assert "4 frames (3 as the one before), " in CliRunner().invoke(app, ["live", *camera]).stderr
    assert "4 frames, " in CliRunner().invoke(app, ["live", *camera, "--recognise-all"]).stderr
    Project(tmp_path / "project")
    (tmp_path / "project/whatsit.toml").write_text("recognise_all = true\n")
    of_project = [*camera, "--project", str(tmp_path / "project")]
    assert "4 frames, " in CliRunner().invoke(app, ["live", *of_project]).stderr


def test_live_runs_the_built_in_model_and_stops_after_the_frames_asked_for() -> None:
    (line,) = run("live", "--camera", "synthetic:?object=clock", "-n", "1", "--json")
    assert len(json.loads(line)["predictions"]) == 5


def test_live_stops_after_the_seconds_asked_for(tmp_path: Path) -> None:
    """Also where no picture comes."""
    assert run("live", "--camera", f"fake:{tmp_path}/no-plug", "--seconds", "0") == []


def test_live_sends_its_answers_to_every_sink_named(features: Path, tmp_path: Path) -> None:
    file = tmp_path / "seen.jsonl"
    uri = "synthetic:?object=mug&fps=0"
    lines = run("live", "--camera", uri, "--model", str(features), "-n", "3",
                "--sink", f"jsonl:{file}?every=1", "--sink", "text:", "--json")  # fmt: skip
    documents = [json.loads(line) for line in file.read_text().splitlines()]
    assert {document["label"] for document in documents} == {"mug"}
    printed = [line for line in lines if not line.startswith("{")]
    assert len(lines) - len(printed) == len(printed) == 1
    assert "  mug  " in printed[0]


def test_the_help_names_the_sinks_of_packages_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside_rows.install_sink(tmp_path, monkeypatch)
    shown = " ".join(CliRunner().invoke(app, ["live", "--help"], env={"COLUMNS": "300"}).stdout.split())
    assert "Kinds: text, json, jsonl, command, gpio, mqtt, mqtts, webhook, labels." in shown


def test_a_wrong_sink_or_camera_leaves_no_file(tmp_path: Path) -> None:
    for camera, sink in (("toaster:", "text:"), ("synthetic:", "kettle:")):
        arguments = ["live", "--camera", camera, "--sink", sink, "--sink", f"jsonl:{tmp_path}/seen.jsonl"]
        assert isinstance(CliRunner().invoke(app, arguments).exception, WhatsitError)
    assert not list(tmp_path.iterdir())


def test_a_camera_from_a_package_works_in_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside_rows.install_camera(tmp_path / "site", monkeypatch)
    assert any(line.startswith("pattern:?level=10") for line in run("cameras"))
    (line,) = run("live", "--camera", "pattern:", "-n", "1", "--json")
    assert json.loads(line)["predictions"]
    run("capture", "--camera", "pattern:?level=90", "--label", "grey", "--project", str(tmp_path / "project"))
    (picture,) = (tmp_path / "project/dataset/grey").glob("*.jpg")
    assert np.abs(np.asarray(Image.open(picture)).astype(int) - 90).max() <= 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--camera", "synthetic:", "--model", "missing.tflite"],
        ["--camera", "synthetic:", "--model", "picture.jpg"],
        ["--camera", "file:missing.mp4"],
        ["--camera", "toaster:"],
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["live", *arguments])
    assert isinstance(result.exception, WhatsitError)
    assert "\n" not in str(result.exception)


def test_live_stopped_by_ctrl_c_reports_and_exits_with_130(features: Path) -> None:
    program = "import typer; from whatsit.cli import live; app = typer.Typer(); live.register(app); app()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--camera", "synthetic:?object=mug", "--model", str(features)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "per second" in errors
    assert "Traceback" not in errors


def test_an_address_with_an_unknown_option_names_those_that_exist() -> None:
    with pytest.raises(WhatsitError, match="dwell, fps, object, seed, size"):
        open_camera("synthetic:?colour=red")


@pytest.mark.parametrize("command", [["live"], ["capture", "--label", "mug"]], ids=["live", "capture"])
@pytest.mark.parametrize(
    ("address", "named"),
    [("browser:", "whatsit studio --camera browser:"), ("rtsp://", "no host"), ("http:///video", "no host")],
)
def test_a_camera_that_could_never_answer_is_refused_at_once(command: list[str], address: str, named: str) -> None:
    with pytest.raises(WhatsitError, match=named) as refused:
        run(*command, "--camera", address)
    assert "\n" not in str(refused.value) and address in str(refused.value)


def test_capture_uses_the_camera_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "whatsit.toml").write_text('camera = "synthetic:?fps=0&size=64x48"\n')
    run("capture", "--label", "mug", "--project", str(tmp_path))
    assert len(list((tmp_path / "dataset/mug").iterdir())) == 1
    for options in (["--label", "mug", "--project", str(tmp_path / "new")], ["-o", str(tmp_path / "one.jpg")]):
        refused = CliRunner().invoke(app, ["capture", *options])
        assert isinstance(refused.exception, DataError) and "--camera is missing" in str(refused.exception)
    assert not (tmp_path / "new").exists()


def test_capture_takes_one_photograph_without_a_project(tmp_path: Path) -> None:
    for name, form in (("photo.jpg", "JPEG"), ("photo.png", "PNG")):
        assert run("capture", "--camera", "synthetic:", "-o", str(tmp_path / name), "--size", "320x240")
        with Image.open(tmp_path / name) as picture:
            assert (picture.format, picture.size) == (form, (320, 240))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.jpg", "photo.png"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "photo.gif"), "expected a name ending in .jpg"),
        (("-o", "photo.jpg", "--label", "mug"), "--label mug: is for pictures of a project"),
        (("-o", "photo.jpg", "--size", "huge"), "size=huge is not WIDTHxHEIGHT"),
        (("--label", "mug", "--size", "640x480"), "--size 640x480: goes with -o"),
        ((), "--label is missing"),
    ],
)
def test_a_photograph_that_cannot_be_taken_leaves_no_file(
    options: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["capture", "--camera", "synthetic:", *options])
    assert isinstance(result.exception, WhatsitError)
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_capture_into_a_project_that_a_studio_has_says_where_to_take_pictures(tmp_path: Path) -> None:
    holder = (
        "import sys, whatsit; p = whatsit.Project(sys.argv[1]); p.acquire(); print('open', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        result = CliRunner().invoke(
            app, ["capture", "--camera", "synthetic:", "--label", "mug", "--project", str(tmp_path)]
        )
        other.communicate("")
    assert isinstance(result.exception, WhatsitError)
    assert f"in use by process {other.pid}" in str(result.exception)
    assert "Collect" in str(result.exception)
