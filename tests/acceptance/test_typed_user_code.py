"""A user's page of code type-checks against the installed wheel, and names everything that is public."""

import ast
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import whatsit

PAGE = Path(__file__).with_name("user_code.py")
ROOT = Path(__file__).parents[2]


def test_the_page_names_everything_that_is_public_and_imports_nothing_else_of_ours():
    tree = ast.parse(PAGE.read_text())
    named = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "whatsit"
    }
    assert named == {*whatsit.__all__, "__version__"}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.startswith("whatsit")} == {"whatsit"}
    assert "type: ignore" not in PAGE.read_text() and "cast(" not in PAGE.read_text() and "Any" not in PAGE.read_text()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment's Python that has the wheel, and for the rest what this environment has."""
    pytest.importorskip("hatchling", reason="builds the wheel; it is in the development dependencies")
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT])
    run([sys.executable, "-m", "venv", "--without-pip", folder / "environment"])
    python = folder / "environment" / "bin" / "python"
    own = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    run([*pip, "install", "--no-deps", "--target", own, *folder.glob("*.whl")])
    (own / "this_environment.pth").write_text(sysconfig.get_path("purelib"))
    assert run([python, "-c", "import whatsit; print(whatsit.__file__)"]).startswith(str(own))
    return python


def test_the_page_is_right_by_mypy_strict_against_the_wheel(installed, tmp_path):
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", installed, "--config-file", os.devnull]
    page = tmp_path / "page.py"
    page.write_text(PAGE.read_text())
    assert run([*mypy, "--cache-dir", tmp_path / "cache", page], cwd=tmp_path).startswith("Success")
    page.write_text(PAGE.read_text() + "\nwrong: int = whatsit.Classifier().classify(3)\n")
    with pytest.raises(AssertionError, match=r"(?s)\[assignment\].*\[arg-type\]"):
        run([*mypy, "--cache-dir", tmp_path / "cache", page], cwd=tmp_path)


def run(command, cwd=None):
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
