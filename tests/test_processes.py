"""A user's folder can hold any file: none of it is imported for a module of the standard library, by none of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whatsit.cameras import open_camera
from whatsit.evaluation.latency import measure
from whatsit.studio.jobs.worker import Worker

TAKEN = ("secrets", "json", "random", "queue", "select", "numpy", "logging", "uuid", "PIL")


@pytest.fixture
def odd_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with files that end whatever imports them."""
    for name in TAKEN:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the working folder was imported')\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def test_the_files_do_end_a_program_that_is_started_carelessly(odd_folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import secrets"], capture_output=True, text=True)
    assert done.returncode and "secrets.py of the working folder" in done.stderr


def test_a_camera_is_read(odd_folder: Path) -> None:
    plug = odd_folder / "plug"
    plug.write_text("streaming")
    with open_camera(f"fake:{plug}") as camera:
        assert camera.read().image.shape == (240, 320, 3)


def test_a_model_is_measured(odd_folder: Path, small_model: Callable[[], bytes]) -> None:
    assert measure(small_model(), threads=1, runs=1).milliseconds > 0


def test_a_worker_works(odd_folder: Path) -> None:
    """It reads its job and gets as far as missing the rest of it."""
    worker = Worker("training")
    ends: list[str | None] = []
    worker.begin({"job": "train"}, lambda _: None, ends.append)  # type: ignore[typeddict-item]
    worker.wait()
    assert len(ends) == 1 and "KeyError" in str(ends[0])


@pytest.mark.parametrize("start", [["-m", "whatsit"], [str(Path(sys.executable).parent / "whatsit")]], ids=["-m", ""])
def test_the_command_runs(odd_folder: Path, start: list[str]) -> None:
    if not Path(start[-1]).exists() and start[0] != "-m":
        pytest.skip("whatsit is not installed as a program here")
    plug = odd_folder / "plug"
    plug.write_text("streaming")
    command = [sys.executable, *start, "live", "--camera", f"fake:{plug}", "-n", "2", "--seconds", "60", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": _source()})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["predictions"]


def _source() -> str:
    return str(Path(__file__).parents[1] / "src")
