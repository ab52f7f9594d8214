"""What the documents show is true: README's examples run as they stand."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from whatsit.demo import lesson, photograph_parts

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
COMMANDS = [
    line.split("#")[0].strip()
    for line in SHELL.splitlines()
    if line.startswith("whatsit ") and not line.startswith("whatsit studio")  # it serves until Ctrl-C: tests/studio
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the pictures that the README speaks of."""
    folder = tmp_path_factory.mktemp("readme")
    for label, name in (("green", "china"), ("brown", "flower")):
        (folder / "bottles" / label).mkdir(parents=True)
        for number, part in enumerate(photograph_parts(name, 4)):
            Image.fromarray(part).save(folder / "bottles" / label / f"{number}.jpg")
    (folder / "photos").mkdir()
    for name, question in zip(("one", "two", "three"), lesson()[1][::2], strict=False):
        Image.fromarray(question.picture).save(folder / "photos" / f"{name}.jpg")
    return folder


def run(command, place):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("example", PYTHON, ids=range(len(PYTHON)))
def test_every_python_example_of_the_readme_runs(example, place):
    assert run([sys.executable, "-W", "error", "-c", example], place)


def test_every_command_of_the_readme_runs_in_its_order(place):
    shown = {shlex.split(command)[1] for command in COMMANDS}
    assert shown >= {"teach", "classify", "export", "verify", "doctor", "train", "test", "bench", "deploy"}
    for command in COMMANDS:
        if command.startswith("whatsit dataset check"):
            continue  # its status says that so few pictures are not ready: tests/test_dataset_commands.py
        run([sys.executable, "-m", "whatsit.cli.app", *shlex.split(command)[1:]], place)


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)
    assert {"demo", "studio", "test", "bench"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/index.md", "docs/training.md", "docs/studio.md", "docs/datasets.md"]
)
def test_every_link_leads_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert "://" in target or ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_the_map_of_the_house_names_only_what_is_there():
    names = {path.name for path in (ROOT / "src/whatsit").rglob("*.py")}
    mapped = re.findall(r"^- `([^` ]+\.py)`", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert "classifier.py" in mapped and set(mapped) <= names
