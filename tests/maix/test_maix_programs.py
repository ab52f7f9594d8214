"""Programs written for a MaixCAM, run unchanged by ``whatsit maix run`` as a user runs them."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shape_pictures import shape
from whatsit.processes import environment

PROGRAMS = Path(__file__).parent / "programs"


@contextmanager
def running(program: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "whatsit", "maix", "run", str(program), "--no-open", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise AssertionError(process.stderr.read() if process.stderr else "")
    return line


def test_a_program_teaches_from_files_of_the_device_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    root = tmp_path / "device" / "root"
    root.mkdir(parents=True)
    for number, (name, label) in enumerate({"1": "brick", "2": "leaf", "sample": "leaf", "test": "leaf"}.items()):
        shape(label, number).save(root / f"{name}.jpg")
    with running(PROGRAMS / "pictures_from_files.py", "--files", str(root.parent)) as process:
        said = first_line(process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert said == "learnt in 1, nearest 1, 2 distances"
    assert process.returncode == 0
    assert "/root/models/no_top.mud: not on this computer; the built-in network stands in" in errors
    answer = np.asarray(Image.open(root / "answer.png"))
    assert answer.shape == (368, 552, 3) and answer.any()


def test_a_mud_file_that_names_a_tflite_is_run(tmp_path: Path, small_model: Callable[..., bytes]) -> None:
    models = tmp_path / "files" / "root" / "models"
    models.mkdir(parents=True)
    (models / "things.tflite").write_bytes(small_model(classes=3, size=32))
    (models / "things.mud").write_text(
        "[basic]\ntype = tflite\nmodel = things.tflite\n[extra]\nmodel_type = classifier\ninput_type = rgb\n"
        "mean = 127, 127, 127\nscale = 0.0078125, 0.0078125, 0.0078125\nlabels = cup, jug, pan\n"
    )
    options = ("--camera", "synthetic:?object=mug&fps=0", "--files", str(tmp_path / "files"))
    with running(PROGRAMS / "classifier.py", *options) as process:
        said = first_line(process)
        _, errors = process.communicate(timeout=60)
    assert said in {f"{label} of 3, True" for label in ("cup", "jug", "pan")}
    assert "not on this computer" not in errors and process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["none.py"], "none.py: no such program; expected a file such as main.py"),
        ([str(PROGRAMS / "classifier.py"), "--size", "big"], "--size big: expected WIDTHxHEIGHT in pixels"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(arguments: list[str], says: str) -> None:
    command = [sys.executable, "-m", "whatsit", "maix", "run", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60)
    assert ended.returncode == 1 and says in ended.stderr and len(ended.stderr.splitlines()) == 1
