"""The command line as a person uses it: a process, its output, its exit status."""

import csv
import io
import json
import os
import re
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import outside_rows
import whatsit
from whatsit.backbones.builtin import builtin_model
from whatsit.cameras.sources import CAMERAS
from whatsit.cli import doctor, tried
from whatsit.cli.app import app
from whatsit.live.recogniser import load_recogniser

COLOURS = {"red": (200, 30, 30), "green": (30, 160, 60), "blue": (30, 60, 200)}


def run(*arguments: object, columns: int = 80, **settings: object) -> subprocess.CompletedProcess[str]:
    """``whatsit …`` in a process of its own."""
    environment = {**os.environ, "COLUMNS": str(columns), **settings.pop("environment", {})}
    command = [sys.executable, "-m", "whatsit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, **settings)


def errors(result: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in result.stderr.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a colour, four pictures in each."""
    root = tmp_path_factory.mktemp("colours")
    random = np.random.default_rng(0)
    for label, colour in COLOURS.items():
        (root / label).mkdir()
        for number in range(4):
            noise = random.normal(0, 25, (160, 200, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / label / f"{number}.jpg")
    return root


@pytest.fixture(scope="module")
def model(lesson: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model taught by the command."""
    output = tmp_path_factory.mktemp("model") / "colours.tflite"
    result = run("teach", lesson, "-o", output)
    assert result.returncode == 0, result.stderr
    assert "3 classes from 12 pictures (blue, green, red)" in result.stdout
    return output


def test_what_was_taught_is_recognised_and_told_as_json(model: Path, lesson: Path) -> None:
    result = run("classify", lesson, "--model", model, "--json", "--top-k", 2)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0
    assert result.stderr == ""
    assert len(answers) == 12
    for answer in answers:
        assert list(answer) == ["path", "unknown", "strangeness", "unknown_by", "predictions", "ms"]
        assert answer["ms"] > 0
        assert [list(p) for p in answer["predictions"]] == [["label", "score", "index"]] * 2
        assert answer["predictions"][0]["label"] == Path(answer["path"]).parent.name


def test_csv_has_one_row_a_class_and_survives_commas_in_names(model: Path, lesson: Path, tmp_path: Path) -> None:
    picture = tmp_path / 'red, "really".jpg'
    picture.write_bytes((lesson / "red/0.jpg").read_bytes())
    result = run("classify", picture, "--model", model, "--csv", "--top-k", 3)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["path"] == str(picture)
    assert rows[0]["label"] == "red"


def test_an_unreadable_picture_is_told_and_the_rest_go_on(model: Path, lesson: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    result = run("classify", broken, lesson / "blue/0.jpg", tmp_path / "absent.jpg", "--model", model, "--json")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 1
    assert [("error" in answer) for answer in answers] == [True, False, True]
    assert "not a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC picture" in answers[0]["error"]
    assert "no such file" in answers[2]["error"]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_text_fits_the_terminal(model: Path, lesson: Path, columns: int) -> None:
    result = run("classify", "red/0.jpg", "--model", model, columns=columns, cwd=lesson)
    assert result.returncode == 0
    assert "red" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= columns


def test_a_feature_file_recognises_too_and_other_tools_can_read_it(lesson: Path, tmp_path: Path) -> None:
    features = tmp_path / "colours.bin"
    assert run("teach", lesson, "-o", features).returncode == 0
    version, classes, samples, floats, named = struct.unpack_from("<BiiiB", features.read_bytes())
    assert (version, classes, samples, floats, named) == (0, 3, 9, 1280, 1)
    result = run("classify", lesson / "green/1.jpg", "--model", features, "--json")
    assert json.loads(result.stdout)["predictions"][0]["label"] == "green"


def test_export_changes_the_arithmetic_and_not_the_answer(model: Path, lesson: Path, tmp_path: Path) -> None:
    output = tmp_path / "float.tflite"
    assert run("export", model, "-o", output, "--dtype", "float32").returncode == 0
    assert run("verify", output).returncode == 0
    small, large = whatsit.Classifier(model), whatsit.Classifier(output)
    for label in COLOURS:
        picture = lesson / label / "0.jpg"
        assert small.classify(picture)[0].label == large.classify(picture)[0].label == label


def test_export_and_teach_say_that_other_programs_squash(model: Path, tmp_path: Path) -> None:
    result = run("export", model, "-o", tmp_path / "again.tflite", columns=60)
    assert max(len(line) for line in result.stderr.splitlines()) <= 60
    assert "MediaPipe" in result.stderr
    assert "squash" in result.stderr


def test_verify_names_what_was_changed(model: Path, tmp_path: Path) -> None:
    assert run("verify", model).returncode == 0
    content = bytearray(model.read_bytes())
    content[len(content) // 3] ^= 1
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(content)
    result = run("verify", damaged)
    assert result.returncode == 1
    assert "weights: changed" in result.stderr
    assert errors(result)[-1].endswith("copy it again, or make it again by  whatsit teach,  train  or  export")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["classify", "absent.jpg", "--model", "absent.tflite"],
            "absent.tflite: no such file; expected a .tflite model",
        ),
        (["classify", "x.jpg", "--json", "--csv"], "--json and --csv: choose one"),
        (["classify", "empty"], "empty: no pictures inside"),
        (["teach", "absent", "-o", "m.tflite"], "absent: no such folder"),
        (["teach", "empty", "-o", "m.tflite"], "no pictures found"),
        (["teach", "one", "-o", "m.tflite"], "teaching needs at least 2"),
        (["teach", "one", "-o", "m.onnx"], "expected a name ending in .tflite"),
        (["teach", "one", "-o", "absent/m.tflite"], "absent: no such folder to write"),
        (["teach", "one", "-o", "m.tflite", "--unknown-rate", "2"], "expected a number from 0 up to 1"),
        (["teach", "two", "-o", "m.tflite", "--size", "20"], "expected 32 to 512 pixels"),
        (["teach", "two", "-o", "m.tflite", "--backbone", "vgg"], "expected one of lite0, lite1, lite2"),
        (["verify", "text.tflite"], "not a TFLite model"),
        (["export", "text.tflite", "-o", "m.tflite"], "not a TFLite model"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
    arguments: list[str], expected: str, lesson: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tflite").write_text("hello, this is text")
    for folder, labels in (("one", ["red"]), ("two", ["red", "blue"])):
        for label in labels:
            (tmp_path / folder / label).mkdir(parents=True)
            (tmp_path / folder / label / "0.jpg").write_bytes((lesson / label / "0.jpg").read_bytes())
    before = sorted(tmp_path.rglob("*"))
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert len(errors(result)) == 1
    assert expected in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["teach", "absent", "-o", "m.tflite", "--dtype", "int4"],
            "'int4': expected int8, float32 or dynamic",
        ),
        (["teach", "absent", "-o", "m.tflite", "--io", "foo"], "io 'foo': expected uint8, int8 or float32"),
        (["teach", "absent", "-o", "m.tflite", "--dtype", "float32", "--io", "int8"], "leave it out"),
        (
            ["teach", "absent", "-o", "m.tflite", "--dtype", "dynamic", "--io", "int8"],
            "a dynamic model takes",
        ),
        (["teach", "absent", "-o", "m.tflite", "--backbone", "quant.TFLITE", "--dtype", "float32"], "ask for int8"),
        (["teach", "absent", "-o", "m.bin", "--io", "int8"], "features have no --dtype, --io or --learner"),
        (["teach", "absent", "-o", "here.tflite"], "here.tflite: it is not a regular file"),
        (["teach", "absent", "-o", "m.TFLITE"], "absent: no such folder"),
        (["export", "absent.tflite", "-o", "m.bin"], "m.bin: expected a name ending in .tflite"),
        (["export", "absent.tflite", "-o", "nowhere/m.tflite"], "nowhere: no such folder"),
        (["classify", "x.jpg", "--backbone", "b.tflite"], "goes with a .bin"),
    ],
)
def test_what_could_not_be_written_is_refused_before_any_work(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    whatsit_line: Callable[..., tuple[int, str]],
) -> None:
    """Were the missing input looked at first, that would be the error."""
    monkeypatch.chdir(tmp_path)
    Path("here.tflite").mkdir()
    if "quant.TFLITE" in arguments:
        Path("quant.TFLITE").write_bytes(builtin_model(size=32))
    status, told = whatsit_line(*arguments)
    assert (status, len(told.splitlines())) == (1, 1)
    assert expected in told


def test_features_keep_their_fit_and_a_backbone_of_the_users(
    lesson: Path, tmp_path: Path, whatsit_line: Callable[..., tuple[int, str]]
) -> None:
    own = tmp_path / "own.TFLITE"
    own.write_bytes(builtin_model(size=32))
    features = tmp_path / "taught.bin"
    assert whatsit_line("teach", lesson, "-o", features, "--backbone", own, "--fit", "squash")[0] == 0
    assert load_recogniser(features).preprocess.fit == "squash"
    learner = whatsit.SelfLearnClassifier(own, dual_buff=False)
    learner.load(features)
    assert learner.preprocess.fit == "squash"
    assert whatsit_line("classify", lesson / "red/0.jpg", "--model", features) == (0, "")

    moved = own.rename(tmp_path / "moved.tflite")
    status, told = whatsit_line("classify", lesson / "red/0.jpg", "--model", features)
    assert (status, len(told.splitlines())) == (1, 1)
    assert "own.TFLITE, which is not there; put it back, or name it with --backbone" in told
    assert whatsit_line("classify", lesson / "red/0.jpg", "--model", features, "--backbone", moved) == (0, "")
    moved.write_bytes(builtin_model(size=64))
    status, told = whatsit_line("classify", lesson / "red/0.jpg", "--model", features, "--backbone", moved)
    assert status == 1
    assert "taught with backbone" in told


def test_a_model_on_the_users_backbone_says_how_to_have_it_in_another_arithmetic(
    lesson: Path, tmp_path: Path, whatsit_line: Callable[..., tuple[int, str]]
) -> None:
    own, model = tmp_path / "own.tflite", tmp_path / "m.tflite"
    own.write_bytes(builtin_model(size=32))
    assert whatsit_line("teach", lesson, "-o", model, "--backbone", own)[0] == 0
    status, told = whatsit_line("export", model, "-o", tmp_path / "again.tflite")
    assert (status, len(told.splitlines())) == (1, 1)
    assert "a quantised backbone has none: use the int8 model, or teach again on a float32 backbone" in told
    own.write_bytes(builtin_model(size=32, dtype="float32"))
    beside = tmp_path / "m-float32.tflite"
    for output, dtype in ((model, "int8"), (beside, "float32")):
        assert whatsit_line("teach", lesson, "-o", output, "--backbone", own, "--dtype", dtype)[0] == 0
    assert whatsit_line("export", model, "-o", tmp_path / "again.tflite", "--dtype", "float32")[0] == 0
    told = whatsit_line("export", model, "-o", beside, "--dtype", "float32")[1]
    assert "m-float32.tflite: would replace what it is made from" in told


def test_a_failed_teach_leaves_the_old_model_in_place(model: Path, lesson: Path, tmp_path: Path) -> None:
    output = tmp_path / "kept.tflite"
    output.write_bytes(model.read_bytes())
    assert run("teach", lesson, "-o", output, "--dtype", "int4").returncode == 1
    assert output.read_bytes() == model.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["kept.tflite"]


def test_a_disk_that_takes_no_more_is_told_in_one_line_and_keeps_the_old_file(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "kept.tflite"
    output.write_bytes(b"old")
    result = run(
        "export", model, "-o", output, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))
    )
    assert result.returncode == 1
    assert len(errors(result)) == 1
    assert "cannot write" in result.stderr
    assert output.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["kept.tflite"]


def test_a_device_is_never_replaced_by_a_file(model: Path) -> None:
    result = run("export", model, "-o", os.devnull)
    assert result.returncode == 1
    assert "not a regular file" in result.stderr
    assert Path(os.devnull).is_char_device()


def test_ctrl_c_ends_teaching_at_once_with_nothing_written(lesson: Path, tmp_path: Path) -> None:
    many = tmp_path / "many"
    for label in COLOURS:
        (many / label).mkdir(parents=True)
        for number in range(300):
            (many / label / f"{number}.jpg").symlink_to(lesson / label / "0.jpg")
    output = tmp_path / "m.tflite"
    command = [sys.executable, "-m", "whatsit", "teach", str(many), "-o", str(output)]
    master, slave = os.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while not re.search(rb"[1-9]\d*/900", shown):  # the progress bar has begun to count
            shown += os.read(master, 1024)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        shown += os.read(master, 65_536)
    os.close(master)
    assert b"whatsit: stopped: nothing was written" in shown
    assert not output.exists()
    assert b"Traceback" not in shown


def test_a_reader_that_stops_early_is_no_error_to_shout_about(model: Path, lesson: Path) -> None:
    command = f"{sys.executable} -m whatsit classify {lesson} --model {model} --json | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""


@pytest.fixture
def odd_names(lesson: Path, tmp_path: Path) -> list[Path]:
    """One picture, and a broken one, under names that are no text, or that a terminal would obey."""
    names = [
        b"new\nline.jpg",
        b"esc\x1b[2J.jpg",
        b"csi\xc2\x9b2J.jpg",
        b"bytes\xff.jpg",
        "café.jpg".encode(),
        b"\x1b\nbroken.jpg",
    ]
    files = [tmp_path / os.fsdecode(name) for name in names]
    for file in files:
        file.write_bytes(b"broken" if b"broken" in os.fsencode(file) else (lesson / "red/0.jpg").read_bytes())
    return files


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_no_file_name_breaks_a_line_or_reaches_the_terminal_as_a_command(
    model: Path, odd_names: list[Path], encoding: str
) -> None:
    result = run("classify", *odd_names, "--model", model, "--top-k", 1, environment={"PYTHONIOENCODING": encoding},
                 encoding=encoding, columns=300)  # fmt: skip
    assert (result.returncode, len(result.stdout.splitlines()), len(errors(result))) == (1, 10, 2)
    assert all(character.isprintable() for character in (result.stdout + result.stderr).replace("\n", ""))
    assert r"new\nline.jpg" in result.stdout and r"bytes\udcff.jpg" in result.stdout
    assert r"\x1b\nbroken.jpg: not a JPEG" in result.stderr


def test_json_gives_every_file_name_back_exactly_on_any_terminal(model: Path, odd_names: list[Path]) -> None:
    for encoding in ("utf-8", "ascii"):
        result = run("classify", *odd_names, "--model", model, "--json", environment={"PYTHONIOENCODING": encoding})
        assert [json.loads(line)["path"] for line in result.stdout.splitlines()] == list(map(str, odd_names))


def test_a_label_that_is_no_text_is_refused_by_name(
    lesson: Path, tmp_path: Path, whatsit_line: Callable[..., tuple[int, str]]
) -> None:
    for label in (b"red", b"\xff\xfe"):
        folder = tmp_path / "lesson" / os.fsdecode(label)
        folder.mkdir(parents=True)
        (folder / "0.jpg").write_bytes((lesson / "red/0.jpg").read_bytes())
    status, told = whatsit_line("teach", tmp_path / "lesson", "-o", tmp_path / "m.tflite")
    assert (status, told) == (1, "whatsit: label '\\udcff\\udcfe': its bytes are not UTF-8 text; rename the folder\n")


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_told_in_one_line_at_most(model: Path, redirection: str) -> None:
    command = f"{sys.executable} -m whatsit verify {model} {redirection}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    told = "whatsit: standard output: No space left on device; nothing more was written\n"
    assert (result.returncode, result.stderr) == ((1, told) if "full" in redirection else (0, ""))


def test_doctor_finds_what_is_here_and_tries_an_inference() -> None:
    result = run("doctor", "--json")
    diagnoses = {diagnosis["name"]: diagnosis for diagnosis in map(json.loads, result.stdout.splitlines())}
    assert result.returncode == 0
    assert "ms per picture" in diagnoses["test inference"]["found"]
    assert all(diagnosis["ok"] for diagnosis in diagnoses.values() if diagnosis["required"])
    assert {"OpenCV", "PyTorch", "cryptography", "picamera2", "backbone lite1"} <= set(diagnoses)


def test_doctor_tries_a_model_and_says_what_is_wrong_with_one(model: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    found = {}
    for file, status in ((model, 0), (tmp_path / "broken.tflite", 1)):
        result = run("doctor", "--json", "--model", file)
        assert (result.returncode, "Traceback" in result.stderr) == (status, False)
        found[file] = next(one for one in map(json.loads, result.stdout.splitlines()) if one["name"] == "model")
    good, bad = found.values()
    assert good["ok"] and "3 labels" in good["found"] and "ms per picture" in good["found"]
    assert not bad["ok"] and "broken.tflite" in bad["found"] and bad["fix"].startswith("whatsit inspect")


def test_doctor_says_what_is_missing_and_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Extras and what cameras need besides; none of it is required."""
    monkeypatch.setattr("whatsit.plugins.requirement.find_spec", lambda module: None)
    diagnoses = {one.name: one for one in doctor._optional()}
    assert {one.fix for one in diagnoses.values()} == {
        *(
            f"pip install 'whatsit[{extra}]'"
            for extra in (*("bulk", "gpio", "heif", "mqtt", "opencv", "pi", "ray", "studio", "teach", "torch", "tls"),)
        ),
        CAMERAS["picamera"].requirement.fix,
    }
    assert not any(one.ok or one.required for one in diagnoses.values())
    assert "USB cameras" in diagnoses["OpenCV"].found


def test_doctor_names_what_packages_add_and_what_of_it_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside_rows.install_camera(tmp_path, monkeypatch, attributes=("PATTERN", "MISSING"))
    added, broken = doctor._plugins()
    assert (added.name, added.ok, added.found) == ("whatsit.cameras pattern", True, "from pattern_camera")
    assert (broken.name, broken.ok, broken.required) == ("whatsit.cameras missing", False, False)
    assert "AttributeError" in broken.found and "pip uninstall pattern_camera" in broken.fix


def test_doctor_tries_what_it_claims() -> None:
    diagnoses = {one["name"]: one for one in map(json.loads, run("doctor", "--json").stdout.splitlines())}
    assert "quantised" in diagnoses["teaching"]["found"] and diagnoses["teaching"]["ok"]
    assert "answered" in diagnoses["web server"]["found"] and diagnoses["web server"]["ok"]
    assert "a frame of 640 x 480" in diagnoses["camera"]["found"]


def test_doctor_turns_what_is_broken_into_a_finding() -> None:
    def broken() -> list[doctor.Diagnosis]:
        raise OSError("libopenblas.so: cannot open\nshared object file")

    (found,) = doctor._safely("test inference", broken)
    assert not found.ok and found.required and found.found == "OSError: libopenblas.so: cannot open shared object file"

    def half_there() -> tried.Tried:
        raise ImportError("scipy: undefined symbol")

    (found,) = doctor._of_extra("teach", "teaching", half_there)
    assert not found.ok and "undefined symbol" in found.found
    assert found.fix == "pip install --force-reinstall 'whatsit[teach]'"


def test_doctor_says_which_package_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    for version, ok in (("1.26", True), ("1.26.4", True), ("2.0rc1", True), ("1.9.9", False), ("1.25", False)):
        monkeypatch.setattr("importlib.metadata.version", lambda name, version=version: version)
        found = doctor._package("numpy>=1.26.0")
        assert found.ok is ok
        assert ok or (found.found, found.fix) == (
            f"{version}, too old: numpy>=1.26.0 is needed", "pip install 'numpy>=1.26.0'"
        )  # fmt: skip


def test_doctor_tries_to_write_the_cache_as_root_too() -> None:
    """os.access says that root may write to /proc."""
    result = run("doctor", "--json", environment={"WHATSIT_CACHE": "/proc/whatsit"})
    (cache,) = (found for found in map(json.loads, result.stdout.splitlines()) if found["name"] == "model cache")
    assert not cache["ok"] and cache["found"] == "/proc/whatsit cannot be written: No such file or directory"


def help_of(*command: str) -> str:
    return CliRunner().invoke(app, [*command, "--help"], prog_name="whatsit", env={"COLUMNS": "80"}).stdout


def commands_of(*group: str) -> list[tuple[str, ...]]:
    """Every command below ``group``, groups of commands followed down."""
    text = help_of(*group)
    if "Commands" not in text:
        return [group]
    names = re.findall(r"^│ ([\w-]+) ", text.split("Commands")[1], re.MULTILINE)
    return [command for name in names for command in commands_of(*group, name)]


def test_every_command_has_help_with_an_example() -> None:
    found = commands_of()
    expected = ["classify", "teach", "live", "cameras", "capture", "export", "verify", "doctor", "studio"]
    assert {(name,) for name in expected} <= set(found)
    for command in found:
        assert f"whatsit {' '.join(command)}" in help_of(*command).split("Usage:")[1].split("\n", 1)[1], command
