"""A project that the first version wrote opens with the same pictures, labels, splits and settings."""

import csv
import hashlib
import json
import shutil

import pytest

from whatsit.cli.dataset_output import counts_document
from whatsit.datasets.issues.check import check
from whatsit.datasets.project import Project


@pytest.fixture
def compat(shared_data):
    """The folder of what earlier versions wrote, with ``expected.json``."""
    if not (shared_data / "compat" / "project").is_dir():
        pytest.skip("the project of an earlier version is not on this machine")
    return shared_data / "compat"


@pytest.fixture
def project(compat, tmp_path):
    """A copy of the project: opening one writes to it."""
    shutil.copytree(compat / "project", tmp_path / "project")
    with Project(tmp_path / "project") as opened:
        yield opened


def facts(project):
    """Everything that must not change: per picture its label, split, who decided it, burst, source and time."""
    return {
        p.key: (p.label, p.split, p.decided_by, p.burst, p.source, p.time, p.error) for p in project.dataset.pictures()
    }


def test_the_counts_are_those_that_the_first_version_gave(compat, project):
    expected = json.loads((compat / "expected.json").read_text())
    assert counts_document(project.dataset) == expected["stats"]["classes"]
    assert project.dataset.labels() == ["background", "periquito", "robot", "toy robot"]


def test_every_picture_has_the_label_of_its_folder_and_the_split_of_its_record(compat, project):
    root = compat / "project" / "dataset"
    with (root / "splits.csv").open(newline="") as stream:
        records = {row["sha256"]: row for row in csv.DictReader(stream)}
    files = {path.relative_to(root).as_posix(): path for path in root.glob("*/*.jpg")}
    pictures = {picture.key: picture for picture in project.dataset.pictures()}
    assert pictures.keys() == files.keys()
    for key, path in files.items():
        picture, record = pictures[key], records[hashlib.sha256(path.read_bytes()).hexdigest()]
        assert picture.label == path.parent.name
        assert (picture.split, picture.decided_by) == (record["split"], record["decided_by"])
        assert (picture.burst, picture.source, picture.error) == (record["burst"], record["source"], "")
        assert picture.time == float(record["time"] or 0)


def test_the_settings_are_read_and_kept(compat, project):
    settings = project.settings
    text = (compat / "project" / "whatsit.toml").read_text()
    assert f'name = "{settings.name}"' in text and str(settings.split) == "50/25/25"
    project.save_settings(settings)
    with Project(project.path) as again:
        assert again.settings == settings


def test_opening_changes_none_of_its_files_and_decides_nothing_again(compat, project):
    before = (compat / "project" / "dataset" / "splits.csv").read_bytes()
    assert project.dataset.records.path.read_bytes() == before
    assert project.dataset.records.unreadable() == []
    there = {path.name for path in (compat / "project").iterdir()}
    assert {path.name for path in project.path.iterdir()} == there


def test_without_its_index_it_is_the_same(project):
    before = facts(project)
    found = check(project.dataset).findings
    project.close()
    shutil.rmtree(project.path / ".whatsit")
    with Project(project.path) as again:
        assert facts(again) == before
        assert check(again.dataset).findings == found
