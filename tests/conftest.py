"""What the tests share: real pictures, a cache of built-in models for the session, and the wider data where it is."""

import importlib.util
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from small_models import small_classifier
from whatsit import BackboneChoice, TaughtModel, find_examples, load_image, teach
from whatsit.cli.app import main
from whatsit.tflite.flatbuffer import write_model

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent
LAST = "acceptance"
"""The folder of the long tests."""


def package_of(path: str | Path) -> str:
    """The package that a test file is about, by its folder; a file directly in ``tests/`` is about all of it."""
    below = Path(path).resolve().relative_to(TESTS).parts
    return below[0] if len(below) > 1 else "whatsit"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run package by package, the long tests last."""
    items.sort(key=lambda item: (package_of(item.path) == LAST, package_of(item.path)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests of each package ran, and how long they took, where more than one package was tested."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(outcome):
            package = package_of(REPOSITORY / report.nodeid.split("::")[0])
            counts[package][outcome] += 1
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[package_of(REPOSITORY / report.nodeid.split("::")[0])] += report.duration
    if len(counts) > 1:
        terminalreporter.section("packages")
        for package in sorted(counts, key=lambda name: (name == LAST, name)):
            told = ", ".join(f"{number} {outcome}" for outcome, number in counts[package].items())
            terminalreporter.write_line(f"{package:<12} {seconds[package]:6.0f} s  {told}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures and models that is not part of the project."""
    told = os.environ.get("WHATSIT_SHARED_DATA")
    nearby = [folder / "shared" / "data" for folder in REPOSITORY.parents]
    for folder in [Path(told)] if told else nearby:
        if folder.is_dir():
            return folder
    pytest.skip("the pictures of shared/data are not on this machine (set WHATSIT_SHARED_DATA to their folder)")


@pytest.fixture(scope="session", autouse=True)
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Built-in models are built once a session, and never taken from, or left in, the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("model-cache")
        patch.setenv("WHATSIT_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def photographs() -> dict[str, Path]:
    """Two real photographs, 640 x 427, that scikit-learn ships: ``china`` (a pavilion) and ``flower`` (a dahlia)."""
    found = importlib.util.find_spec("sklearn")
    assert found is not None and found.submodule_search_locations
    folder = Path(next(iter(found.submodule_search_locations))) / "datasets" / "images"
    return {name: folder / f"{name}.jpg" for name in ("china", "flower")}


@pytest.fixture(scope="session")
def run_python():
    """Runs Python source in a fresh process that can import whatsit; gives the finished process, its text captured."""

    def run(source: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join(path for path in (str(REPOSITORY / "src"), os.environ.get("PYTHONPATH")) if path)
        return subprocess.run(
            [sys.executable, "-c", source, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": paths} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def environment(name: str, *packages: str) -> Callable[..., str]:
    """Runs Python where these packages are and nothing of ours: made once and kept in the user's cache."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "whatsit-tests" / name
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        # Our own pip, and no bytecode: an environment takes half the time.
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
        install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile", *packages]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            pytest.skip(f"{', '.join(packages)} cannot be installed on this machine: {reason}")
        ready.touch()

    def run(*arguments: object, cwd: Path | None = None) -> str:
        # No PYTHONPATH: its own packages and nothing of ours.
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [python, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=own, cwd=cwd)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    return run


@pytest.fixture(scope="session")
def mediapipe():
    """Runs Python where MediaPipe is."""
    return environment("mediapipe", "mediapipe")


@pytest.fixture(scope="session")
def foreign_programs():
    """Runs Python where clients of other servers are: DeepStack's and Triton's, Prometheus's parser, Schemathesis."""
    packages = ("deepstack-sdk", "tritonclient[http]", "prometheus-client", "schemathesis>=4,<5")
    return environment("foreign-programs", *packages)


@pytest.fixture(scope="session")
def patches(photographs) -> list[tuple[np.ndarray, str]]:
    """Pictures to teach with where there are no others: 12 crops of each photograph, labelled by its name."""
    found = []
    for label, path in photographs.items():
        whole = np.asarray(load_image(path))
        found += [(whole[y : y + 200, x : x + 200].copy(), label) for y in (0, 110, 220) for x in (0, 140, 280, 430)]
    return found


@pytest.fixture(scope="session")
def taught(patches) -> TaughtModel:
    """A model that tells the pavilion from the flower."""
    return teach(patches, BackboneChoice(size=96))


@pytest.fixture(scope="session")
def taught_clothing(shared_data) -> TaughtModel:
    """A model of ten kinds of clothing, taught from the 3,068 training pictures."""
    return teach(find_examples(shared_data / "clothing" / "train"))


@pytest.fixture(scope="session")
def clothing_file(taught_clothing, tmp_path_factory) -> Path:
    """The int8 file of it."""
    path = tmp_path_factory.mktemp("clothing") / "clothing.tflite"
    path.write_bytes(taught_clothing.to_tflite())
    return path


@pytest.fixture(scope="session")
def small_model():
    """Builds the bytes of ``small_classifier(...)``."""
    return lambda *args, **settings: write_model(small_classifier(*args, **settings).model)


@pytest.fixture
def whatsit_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """``whatsit …`` in this process: the exit status and standard error."""

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["whatsit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return call
