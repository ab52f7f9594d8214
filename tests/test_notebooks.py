"""Every notebook runs from its first cell to its last, in an empty folder, and shows what it says it shows."""

import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(ROOT.glob("examples/**/*.ipynb"))
# As a notebook does it: what the last line of a cell gives is shown.
PROGRAM = """
import ast, json, sys
names = {"__name__": "__main__"}
for cell in json.load(sys.stdin):
    body = ast.parse(cell).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
    print(shown._repr_html_() if hasattr(shown, "_repr_html_") else shown)
"""


def run(name: str, folder: Path, **parameters: Any) -> str:
    """What a notebook shows; parameters follow the cell with that tag, as Papermill does it."""
    cells = []
    for cell in json.loads((ROOT / "examples" / name).read_text())["cells"]:
        if cell["cell_type"] == "code":
            cells.append("".join(cell["source"]))
            if "parameters" in cell["metadata"].get("tags", ()):
                cells += [f"{key} = {value!r}" for key, value in parameters.items()]
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], input=json.dumps(cells), cwd=folder, check=False,
        env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(folder)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_what_a_run_left_in_it(path: Path) -> None:
    notebook = json.loads(path.read_text())
    assert notebook["nbformat"] == 4 and len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook["cells"])


def test_the_tour_goes_from_a_handful_of_pictures_to_a_deployed_model(tmp_path: Path) -> None:
    said = run("tour.ipynb", tmp_path)
    assert "<img" in said and "a stranger   unknown" in said and "as it was made" in said


def test_the_first_notebook_finds_the_libraries_a_camera_and_an_answer(tmp_path: Path) -> None:
    said = run("notebooks/1-setup.ipynb", tmp_path)
    assert "ok test inference" in said and "synthetic:" in said and "(480, 640, 3) uint8" in said and "<img" in said


def test_the_second_notebook_classifies_and_gets_the_same_by_hand(tmp_path: Path) -> None:
    said = run("notebooks/2-classification.ipynb", tmp_path)
    assert "1000 classes" in said and "ms per picture" in said
    by_hand, ours = (line for line in said.splitlines() if line.startswith(("by hand:", "whatsit:")))
    assert by_hand.split()[2] == ours.split("'")[1]


def test_the_second_notebook_takes_the_chapters_model_and_labels(tmp_path: Path, shared_data: Path) -> None:
    book = shared_data / "book"
    files = {"MODEL": book / "models/mobilenet_v2_1.0_224_quant.tflite", "LABELS": book / "models/labels.txt"}
    given = {name: str(path) for name, path in files.items()} | {"PICTURES": [str(book / "images/cat_2.jpg")]}
    said = run("notebooks/2-classification.ipynb", tmp_path, **given)
    assert "1001 classes" in said and "tiger cat" in said and "224 x 224 pixels, uint8" in said


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="the extra 'torch' is not installed")
def test_the_third_notebook_trains_on_an_archive_of_cifar_10(tmp_path: Path) -> None:
    random, labels = np.random.default_rng(0), ("airplane", "automobile", "bird")
    batch = np.zeros((30, 1 + 3 * 32 * 32), np.uint8)
    batch[:, 0] = np.arange(30) % 3
    with tarfile.open(tmp_path / "small.tar.gz", "w:gz") as archive:
        names = ("\n".join(labels) + "\n\n").encode()
        for name, content in (("batches.meta.txt", names), ("data_batch_1.bin", None), ("test_batch.bin", None)):
            batch[:, 1:] = random.integers(0, 60, batch[:, 1:].shape)
            for number in range(3):  # one colour a class
                batch[number::3, 1 + number * 1024 : 1 + (number + 1) * 1024] += 150
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content or batch.tobytes())
            archive.addfile(member, io.BytesIO(content or batch.tobytes()))
    said = run("notebooks/3-cifar10.ipynb", tmp_path, ARCHIVE="small.tar.gz", PER_CLASS=8, EPOCHS=1)
    assert "54 pictures of ['airplane', 'automobile', 'bird']" in said and "int8: " in said and "of 24 right" in said
    assert (tmp_path / "cifar10-project/models/cifar10.tflite").exists()


def test_the_fourth_notebook_watches_a_camera_and_stops(tmp_path: Path) -> None:
    said = run("notebooks/4-live.ipynb", tmp_path)
    assert "answers, the last:" in said and "mug" in said
