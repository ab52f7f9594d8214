"""What comes in goes out again: the same bytes, names, labels and splits."""

import errno
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from drawn_pictures import fill, jpeg, tree
from whatsit.datasets.formats.exporting import export_path, writable_formats
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.label import STRANGERS, UNLABELLED
from whatsit.datasets.project import Project
from whatsit.errors import DataError


@pytest.fixture
def dataset(tmp_path):
    fill(tmp_path / "in", labels=("cat", "t-shirt"), each=8)
    project = Project(tmp_path / "project")
    import_path(project.dataset, tmp_path / "in")
    project.dataset.add(jpeg(500), "a/b: 100%", name="odd.jpg", split="validation")
    project.dataset.add(jpeg(501), UNLABELLED, name="new.jpg", split="test")
    project.dataset.add(jpeg(502), STRANGERS, name="stranger.jpg", split="test")
    yield project.dataset
    project.close()


def facts(dataset):
    return sorted((p.label, p.hash, p.split) for p in dataset.pictures())


@pytest.mark.parametrize("suffix", ["", ".zip"])
@pytest.mark.parametrize("layout", writable_formats())
def test_every_layout_comes_back_with_bytes_names_labels_and_splits(dataset, tmp_path, layout, suffix):
    target = tmp_path / f"out{suffix}"
    assert export_path(dataset, target, layout).pictures == 19
    again = Project(tmp_path / "again").dataset
    report = import_path(again, target)
    assert not report.skips
    assert {p.key for p in again.pictures()} == {p.key for p in dataset.pictures()}
    if layout == "folder":
        assert [f[:2] for f in facts(again)] == [f[:2] for f in facts(dataset)]
    else:
        assert facts(again) == facts(dataset)


def test_edge_impulse_reads_its_own_words(dataset, tmp_path):
    export_path(dataset, tmp_path / "out", "edge-impulse")
    document = json.loads((tmp_path / "out" / "info.labels").read_text())
    assert document["version"] == 1
    for entry in document["files"]:
        assert (tmp_path / "out" / entry["path"]).is_file()
        assert entry["category"] == entry["path"].split("/")[0]
        assert entry["label"] in ({"type": "unlabeled"}, {"type": "label", "label": entry["label"].get("label")})


def test_the_same_dataset_gives_the_same_archive(dataset, tmp_path):
    export_path(dataset, tmp_path / "one.zip")
    export_path(dataset, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.zip").testzip() is None


def test_an_export_never_overwrites(dataset, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        export_path(dataset, tmp_path / "out")
    with pytest.raises(DataError, match="layout 'coco'"):
        export_path(dataset, tmp_path / "new", "coco")
    assert tree(tmp_path / "out") == {"mine.txt": b"mine"}


def test_pictures_that_cannot_be_read_are_left_out_and_named(dataset, tmp_path):
    (dataset.root / "cat" / "torn.jpg").write_bytes(b"no picture")
    report = export_path(dataset, tmp_path / "out")
    assert (report.pictures, report.left_out) == (19, ("cat/torn.jpg",))


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("pets.tar.gz", "ends in .zip"),
        ("project/dataset/out", "in the dataset itself"),
        ("file/out", "cannot write"),
    ],
)
def test_places_where_no_export_can_go_are_refused_and_stay_as_they_are(dataset, tmp_path, place, says):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match=says):
        export_path(dataset, tmp_path / place)
    assert not (tmp_path / place).exists()


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_full_disk_leaves_no_half_export(dataset, tmp_path, name, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(DataError, match="No space"):
        export_path(dataset, tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == before


def data(*parts):
    nearby = [folder.joinpath("shared", "data", *parts) for folder in Path(__file__).resolve().parents]
    found = next((path for path in nearby if path.exists()), None)
    if found is None:
        pytest.skip(f"shared/data/{'/'.join(parts)} is not on this machine")
    return found


@pytest.fixture
def no_power_cuts(monkeypatch):
    """Ten thousand pictures in a third of the time: nothing waits until its bytes are on the disk."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def coming_and_going(source, files, layout, tmp_path):
    """Whether a source comes back byte for byte under its own names, and has nothing new the second time."""
    kept = {(path.rpartition("/")[0], content): path for path, content in sorted(files.items(), reverse=True)}
    copies = sorted(files.keys() - set(kept.values()))
    with Project(tmp_path / "p") as project:
        first = import_path(project.dataset, source)
        assert (first.added, first.present, first.skips) == (len(kept), len(copies), ())
        assert [note.path for note in first.notes] == copies
        assert all("byte for byte another picture of its label" in note.reason for note in first.notes)
        export_path(project.dataset, tmp_path / "out", layout)
        again = import_path(project.dataset, source)
        assert (again.added, again.present, again.skips, again.notes) == (0, len(files), (), first.notes)
    assert tree(tmp_path / "out") == {path: files[path] for path in kept.values()}


def test_the_books_pictures_come_and_go_byte_for_byte(tmp_path):
    source = data("book", "dataset")
    coming_and_going(source, tree(source), "folder", tmp_path)


def test_cifars_archive_comes_and_goes_with_its_splits(tmp_path, no_power_cuts):
    with zipfile.ZipFile(data("cifar10-10k.zip")) as opened:
        names = sorted(entry.filename for entry in opened.infolist() if not entry.is_dir())
        files = {  # it brings train alone; every fifth picture goes to test, as the authors have it
            name if place % 5 else name.replace("train/", "test/", 1): opened.read(name)
            for place, name in enumerate(names)
        }
    source = tmp_path / "cifar.zip"
    with zipfile.ZipFile(source, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    coming_and_going(source, files, "split", tmp_path)


def test_a_tenth_of_clothing_comes_and_goes_with_its_splits(tmp_path, no_power_cuts):
    source, chosen = data("clothing"), tmp_path / "clothing"
    for path in sorted(source.glob("*/*/*.jpg"))[::10]:
        (chosen / path.parent.relative_to(source)).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, chosen / path.relative_to(source))
    coming_and_going(chosen, tree(chosen), "split", tmp_path)


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_two_pictures_whose_class_and_name_join_alike_both_arrive(tmp_path, name):
    with Project(tmp_path / "first") as first:
        first.dataset.add(jpeg(1), "a", name="b.c.jpg", split="training")
        first.dataset.add(jpeg(2), "a.b", name="c.jpg", split="training")
        assert export_path(first.dataset, tmp_path / name, "edge-impulse").pictures == 2
    with Project(tmp_path / "again") as again:
        assert import_path(again.dataset, tmp_path / name).added == 2
        assert sorted(again.dataset.labels()) == ["a", "a.b"]
