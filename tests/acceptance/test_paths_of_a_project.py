"""Whatever takes the place of a path of a project: nothing outside changes, nothing waits, and one line says so."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import whatsit
from drawn_pictures import fill, jpeg
from small_models import small_classifier
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.embedding_map import embedding_map
from whatsit.datasets.formats.exporting import export_path
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.issues.dismissed import Dismissal, Dismissals
from whatsit.datasets.places import EMBEDDINGS, LOCK, MODELS, PLACES, SETTINGS, SPLITS, SWEEP, Place, place_of
from whatsit.datasets.project import Project
from whatsit.datasets.project_id import project_id
from whatsit.evaluation.sweep_record import SweepRecord
from whatsit.studio.lessons.session import TeachSession
from whatsit.tflite.flatbuffer import write_model
from whatsit.training.record import ModelFiles, write_training
from whatsit.web.tls import self_signed

ROOT = os.geteuid() == 0
NOBODY = 65534
THOROUGH = bool(os.environ.get("WHATSIT_EVERY_PATH"))
"""Every kind in place of every path at both moments takes minutes: ``WHATSIT_EVERY_PATH=1``."""
KINDS = ("link", "fifo", "device", "folder", "unreadable")
EXAMPLES = {
    "dataset/*": "dataset/cat",
    "dataset/*/*": "dataset/cat/000.jpg",
    "models/*.tflite": "models/old.tflite",
    "models/*.training.json": "models/old.training.json",
    "models/*.html": "models/old.html",
    "models/*.json": "models/old.json",
    ".whatsit/index.db-*": ".whatsit/index.db-journal",
    ".whatsit/teach.db-*": ".whatsit/teach.db-journal",
    ".whatsit/history/*.json": ".whatsit/history/00000002.json",
    ".whatsit/trash/**": ".whatsit/trash/deleted",
    ".whatsit/incoming/*": ".whatsit/incoming/new.jpg",
    ".whatsit/embeddings/*.embeddings": ".whatsit/embeddings/pixels.embeddings",
    ".whatsit/maps/*.npy": ".whatsit/maps/map.npy",
    ".whatsit/tests/*.json": ".whatsit/tests/old.json",
    ".whatsit/uploads/**": ".whatsit/uploads/one",
    ".whatsit/exports/**": ".whatsit/exports/dataset.zip",
    ".whatsit/deploy/**": ".whatsit/deploy/old-litert.zip",
    ".whatsit/held/*": ".whatsit/held/shot.jpg",
}
"""One path for each place that is a pattern."""
TRAINED = {place.path for place in (SETTINGS, MODELS, EMBEDDINGS, SWEEP)} | {"models/old.tflite", "models/old.json"}
"""What training, testing, sweeping and deploying use besides what every command does; the rest by ``THOROUGH``."""
WORDS = {
    f'"{word}"' for word in ["dataset", "models", "history", "tests", "held", "deploy", "embeddings", "my_classes.bin"]
}
"""Names in the table that mean other things too."""


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """A folder that a user without rights can reach, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def project(room: Path) -> Path:
    """One that has something at every place that whatsit keeps."""
    fill(room / "pictures", labels=("owl",), each=2, start=5000)
    (room / "net.tflite").write_bytes(write_model(small_classifier().model))
    fill(room / "in", each=6)
    folder = room / "project"
    make(folder, room / "in")
    return folder


def make(folder: Path, pictures: Path) -> None:
    """Everything that the library writes into a project."""
    with Project(folder) as project:
        import_path(project.dataset, pictures)
        with closing(TeachSession(project.dataset, PixelEmbedder())) as session:
            mug = session.add_class(jpeg(700), "mug")
            session.add_sample(jpeg(701), mug.id, burst="press")
            session.add_sample(jpeg(702), mug.id, burst="press")
        project.dataset.set_split(project.dataset.keys("cat")[:1], "test")
        project.dataset.delete(project.dataset.keys("dog")[:1])
        project.dataset.undo()
        project.dataset.delete(project.dataset.keys("dog")[:1])
        Dismissals(project.dataset.root).add([Dismissal("blurred", (("1" * 64, "cat"),))])
        write_training(ModelFiles(project.models, "old"), b"int8", b"float32", {}, [])
        embedding_map(np.eye(3, dtype=np.float32), ["00", "01", "02"], project.dataset.maps_folder)
        SweepRecord(project).write_page("sweep")
        export_path(project.dataset, folder / ".whatsit/exports/dataset.zip")
        project.save_settings(project.settings)
    self_signed(folder / ".whatsit", [])
    project_id(folder)


@pytest.fixture(scope="module")
def put_and_use(room: Path, project: Path) -> Iterator[Callable[[str, str, str], list[list[str]]]]:
    """``put_and_use(kind, place, moment)``: what was said; fails where something outside changed or it took long."""
    program = Path(__file__).parent / "every_path.py"
    package = Path(whatsit.__file__).parent  # a copy: it may lie where a user without rights cannot go
    shutil.copytree(package, room / "source" / "whatsit", ignore=shutil.ignore_patterns("__pycache__"))
    places = [str(room / "source"), str(program.parents[1]), *sys.path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "HOME": str(room)}
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        to, back = process.stdin, process.stdout
        number = 0

        def call(kind: str, place: str, moment: str) -> list[list[str]]:
            nonlocal number
            number += 1
            here = room / f"case {number}"
            folder, outside = here / "project", here / "outside"
            shutil.copytree(project, folder)
            shutil.copytree(room / "pictures", here / "pictures")
            shutil.copy(room / "net.tflite", here)
            outside.mkdir()
            if ROOT:
                for path in (here, *here.rglob("*")):
                    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
            trains = THOROUGH or place in TRAINED
            to.write(json.dumps([str(folder), str(outside), kind, place, moment, trains]) + "\n")
            to.flush()
            status, said = json.loads(back.readline())
            assert status == 0, f"{place}: ended by {status}, after {said}"
            shutil.rmtree(here)
            return [[what, *lines] for what, lines in said]

        yield call
        to.close()


def some(kind: str, moment: str) -> list[Place]:
    """A few places, other ones for each kind and moment: what is written by itself, and every eighth of the rest."""
    at = (2 * KINDS.index(kind) + (moment == "while")) % 8
    always = (LOCK, SPLITS) if moment == "before" else ()
    return [*always, *PLACES[at::8]]


def test_what_the_library_writes_into_a_project_is_in_the_table(project: Path) -> None:
    found = [path.relative_to(project).as_posix() for path in project.rglob("*")]
    assert [path for path in found if place_of(path) is None] == []
    for path in found:
        place = place_of(path)
        assert place is not None
        if not place.path.endswith("/**"):
            assert (place.kind == "folder") == (project / path).is_dir(), path


def test_no_other_module_names_a_path_of_the_table() -> None:
    source = Path(sys.modules["whatsit"].__file__ or "").parent
    quoted = {f'"{name}"' for place in PLACES for name in [place.path, Path(place.path).name] if "*" not in name}
    quoted -= {
        '"dataset"',
        '"models"',
        '"history"',
        '"tests"',
        '"held"',
        '"deploy"',
        '"embeddings"',
        '"my_classes.bin"',
    }  # words, too
    naming = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if '".whatsit' in line or any(word in line for word in quoted)
    }
    assert naming == {"datasets/places.py", "datasets/label.py"}


@pytest.mark.parametrize("moment", ["before", "while"])
@pytest.mark.parametrize("kind", KINDS)
def test_in_place_of_any_path(
    kind: str, moment: str, project: Path, put_and_use: Callable[[str, str, str], list[list[str]]]
) -> None:
    if kind == "device" and not ROOT:
        pytest.skip("only root can make devices")
    wrong = []
    for place in PLACES if (kind, moment) == ("link", "before") or THOROUGH else some(kind, moment):
        path = EXAMPLES.get(place.path, place.path)
        said = put_and_use(kind, path, moment)
        lines = [(path, what, line.strip()) for what, *lines in said for line in lines]
        wrong += [one for one in lines if one[1] == "fault" or "\n" in one[2] or "Internal Server" in one[2]]
        if kind == "link" and not place.of_people and not place.path.endswith("/**") and moment == "before":
            assert any("is a link" in line and path in line for _, _, line in lines), (path, said)
    assert not wrong, "\n".join(f"{path}: {what}: {line}" for path, what, line in wrong)
