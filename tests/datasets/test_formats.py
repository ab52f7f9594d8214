"""Every layout is one row of a table, and an installed package adds one."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import whatsit
from drawn_pictures import fill, jpeg, tree
from installed_package import write_package
from whatsit.datasets.formats import FORMATS
from whatsit.datasets.formats.exporting import writable_formats
from whatsit.datasets.formats.importing import import_path, list_endings, readable_formats
from whatsit.datasets.project import Project
from whatsit.errors import DataError, SourceError

DOCS = Path(__file__).parents[2] / "docs" / "datasets.md"

PLUGIN = '''
"""A layout of another tool: all pictures in one folder, the class before the first plus sign of the name."""
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing

def read(source, contents):
    if not all("+" in path for path in contents.paths):
        return None
    return Listing(tuple(Item(path, path.split("+")[0], name=path.split("+")[1]) for path in contents.paths))

def write(pictures):
    for picture in pictures:
        yield Entry(f"{picture.label}+{picture.path.name}", picture.path)

PLUS = Format("plus", "Plus", "<label>+<file>", "none", read, write, precedence=5)
'''


@pytest.fixture
def plus(tmp_path):
    """An installed package with a layout: runs ``whatsit dataset …`` where it is."""
    points = {"whatsit.formats": {"plus": "plus_layout:PLUS"}}
    site = write_package(tmp_path / "site", "plus_layout", PLUGIN, points)

    def run(*arguments):
        path = os.pathsep.join((str(site), str(Path(whatsit.__file__).parents[1])))
        command = [sys.executable, "-P", "-m", "whatsit", "dataset", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
        )

    return run


def test_an_installed_package_adds_a_layout_to_import_and_export(plus, tmp_path):
    (tmp_path / "in").mkdir()
    for number, name in enumerate(("cat+a.jpg", "dog+b.jpg")):
        (tmp_path / "in" / name).write_bytes(jpeg(number))
    done = plus("import", "in", "-p", "pets")
    assert (done.returncode, done.stdout) == (0, "2 pictures added.\nRead as: Plus. Classes: cat, dog.\n"), done.stderr
    assert {"cat/a.jpg", "dog/b.jpg"} < set(tree(tmp_path / "pets" / "dataset"))
    assert plus("export", "out", "-p", "pets", "--layout", "plus").returncode == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "in")
    assert "plus" in plus("export", "--help").stdout


def test_the_table_names_every_layout_by_the_name_in_its_row():
    assert [layout.name for layout in FORMATS.values()] == list(FORMATS)
    assert FORMATS.broken == ()
    assert set(writable_formats()) == {"folder", "split", "csv", "edge-impulse"}
    assert list_endings() == (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".labels")


def test_the_docs_list_every_layout_of_the_table():
    text = DOCS.read_text()
    for name, layout in FORMATS.items():
        about = layout.about.replace("|", "\\|")
        written = "yes" if layout.write is not None else "no"
        assert f"| `{name}` | {layout.title} | `{about}` | {layout.splits} | {written} |" in text


def test_a_layout_that_is_asked_for_is_not_guessed(tmp_path):
    fill(tmp_path / "in" / "train", each=1)
    fill(tmp_path / "in" / "test", each=1, start=50)
    with Project(tmp_path / "project") as project:
        import_path(project.dataset, tmp_path / "in", layout="folder")
        assert project.dataset.labels() == ["test", "train"]
        with pytest.raises(SourceError, match="not in the layout that was asked for; expected Frigate"):
            import_path(project.dataset, tmp_path / "in", layout="frigate")
        with pytest.raises(DataError, match=f"layout 'voc': .*{', '.join(readable_formats())}"):
            import_path(project.dataset, tmp_path / "in", layout="voc")


def test_a_labels_file_is_a_source_by_itself(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.jpg").write_bytes(jpeg(1))
    (tmp_path / "in" / "other.jpg").write_bytes(jpeg(2))
    (tmp_path / "in" / "info.labels").write_text('{"path": "1.jpg", "label": "owl"}')
    with Project(tmp_path / "project") as project:
        report = import_path(project.dataset, tmp_path / "in" / "info.labels")
    assert (report.added, report.labels, report.skips) == (1, ("owl",), ())


def test_a_project_whose_classes_are_named_after_splits_comes_in_with_its_classes(tmp_path):
    with Project(tmp_path / "one") as one, Project(tmp_path / "two") as two:
        for number, label in enumerate(("train", "test", "validation")):
            one.dataset.add(jpeg(number), label, split="test")
        report = import_path(two.dataset, tmp_path / "one")
        assert two.dataset.labels() == ["test", "train", "validation"]
        assert {picture.split for picture in two.dataset.pictures()} == {"test"}
        assert {skip.path for skip in report.skips} <= {".whatsit", "whatsit.toml"}


def test_an_archive_of_train_folders_alone_gets_all_three_splits(tmp_path):
    archive = tmp_path / "cifar10.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for label in ("cat", "dog"):
            for number in range(10):
                packed.writestr(f"cifar10/train/{label}/{number}.jpg", jpeg(number + 50 * (label == "dog")))
    with Project(tmp_path / "mine") as project:
        report = import_path(project.dataset, archive)
        counts = {label: [*splits.values()] for label, splits in project.dataset.counts().items()}
    assert counts == {"cat": [6, 2, 2], "dog": [6, 2, 2]}
    assert report.read_as == ("split folders with train alone: all three splits are taken from it by whatsit's rule",)
