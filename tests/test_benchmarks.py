"""The benchmarks and tools go with the library as it is: every one can be imported."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path.relative_to(ROOT) for folder in ("benchmarks", "tools") for path in (ROOT / folder).rglob("*.py"))
ELSEWHERE = {"mediapipe_classifier", "docs_site"}
"""Run by another interpreter, or by MkDocs."""


@pytest.mark.parametrize("folder", ["benchmarks", "tools"])
def test_every_module_can_be_imported(folder: str) -> None:
    wanted = [file for file in FILES if file.parts[0] == folder and file.stem not in ELSEWHERE | {"__main__"}]
    assert len(wanted) > 3
    modules = [".".join(file.with_suffix("").parts) for file in wanted if file.stem != "__init__"]
    if folder == "benchmarks":
        modules.append("benchmarks.__main__")
    program = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-c", program, *modules],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-600:]
