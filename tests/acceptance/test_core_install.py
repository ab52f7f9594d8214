"""The core alone, installed into an environment of its own, runs models; for the rest it names the extra."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from whatsit.models.taught_model import TaughtModel

ROOT = Path(__file__).parents[2]
HEAVY = ("scipy", "scikit-learn", "ai-edge-quantizer", "fastapi", "starlette", "uvicorn", "jinja2", "torch", "pandas")
Line = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """Runs Python where whatsit's core was installed, and nothing else."""
    pytest.importorskip("hatchling", reason="builds the wheel; it is in the development dependencies")
    folder = tmp_path_factory.mktemp("core")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run(wheel, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "own"], check=True)
    python = folder / "own/bin/python"
    install = [*pip, "--python", python, "install", "--no-compile", *folder.glob("*.whl")]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the core cannot be installed here: {(done.stderr.strip().splitlines() or ['pip failed'])[-1]}")
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own |= {"WHATSIT_CACHE": str(folder / "cache"), "WHATSIT_STATE": str(folder / "state")}

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([python, *map(str, arguments)], capture_output=True, text=True, env=own, cwd=folder)

    return run


@pytest.fixture(scope="module")
def whatsit(core: Line) -> Line:
    """``whatsit …`` there."""
    return lambda *arguments: core("-m", "whatsit", *arguments)


def test_nothing_heavy_comes_with_it(core: Line) -> None:
    listed = core("-c", "from importlib.metadata import distributions as d; print(*[x.metadata['Name'] for x in d()])")
    names = {name.lower().replace("_", "-") for name in listed.stdout.split()}
    assert {"whatsit", "numpy", "ai-edge-litert"} <= names
    assert not names & set(HEAVY)


def test_it_is_in_order_by_its_own_account(whatsit: Line) -> None:
    done = whatsit("doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert found["test inference"]["ok"] and not found["scikit-learn"]["ok"]
    assert found["scikit-learn"]["fix"] == "pip install 'whatsit[teach]'"


def test_the_built_in_network_and_taught_models_run(
    whatsit: Line, photographs: dict[str, Path], taught: TaughtModel, tmp_path: Path
) -> None:
    picture, file = photographs["flower"], tmp_path / "flowers.tflite"
    taught.save(file)
    for model in ([], ["--model", file]):
        done = whatsit("classify", picture, "--json", *model)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[0])["predictions"]
    for command in ("inspect", "verify"):
        done = whatsit(command, file)
        assert done.returncode == 0, done.stdout + done.stderr


def test_cameras_are_listed_watched_and_photographed(whatsit: Line, tmp_path: Path) -> None:
    assert "synthetic:" in whatsit("cameras").stdout
    live = whatsit("live", "--camera", "synthetic:", "-n", "3", "--json")
    assert live.returncode == 0 and live.stdout.strip(), live.stderr
    taken = whatsit("capture", "--camera", "synthetic:", "--label", "mug", "-n", "2", "--project", tmp_path / "mine")
    assert taken.returncode == 0, taken.stderr


def test_a_few_pictures_are_learnt_and_saved(core: Line) -> None:
    program = """
import numpy as np, whatsit
learner = whatsit.FewShotClassifier()
for value, label in ((30, "dark"), (220, "light")):
    for more in (0, 10):
        learner.add(np.full((64, 64, 3), value + more, np.uint8), label)
learner.learn()
assert learner.classify(np.full((64, 64, 3), 225, np.uint8))[0].label == "light"
learner.save("few.bin")
open("few.tflite", "wb").write(learner.to_tflite())
whatsit.Classifier("few.tflite").classify(np.full((64, 64, 3), 225, np.uint8))
own = whatsit.SelfLearnClassifier("lite0")
own.add_class(np.full((64, 64, 3), 40, np.uint8))
own.add_class(np.full((64, 64, 3), 200, np.uint8))
own.learn()
"""
    done = core("-c", program)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments, extra",
    [(["teach", "pictures", "-o", "m.tflite"], "teach"), (["studio", "project"], "studio"), (["serve"], "studio")],
)
def test_what_it_cannot_do_names_the_extra_in_one_line(whatsit: Line, arguments: list[str], extra: str) -> None:
    done = whatsit(*arguments)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert f"pip install 'whatsit[{extra}]'" in line
