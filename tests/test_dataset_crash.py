"""Killed at any moment, whatsit has either done an edit or not begun it, and an import goes on where it was."""

import random
import shutil
import signal
import subprocess
import sys

import pytest

from drawn_pictures import fill, jpeg, tree
from whatsit.dataset import Dataset
from whatsit.importers import import_path
from whatsit.project import Project

# The child stops itself by SIGKILL at the n-th call that changes the disk, which covers every moment between two
# of them, and is the same every time.
CHILD = """
import os, signal, sqlite3, sys
from pathlib import Path
left = int(sys.argv[3])
def dying(real):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    return call
from whatsit.project import Project
from whatsit.importers import import_path
dataset = Project(sys.argv[1]).dataset
for name in ("write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "ftruncate"):
    setattr(os, name, dying(getattr(os, name)))
dataset.index._run = dying(dataset.index._run)
dataset.index._many = dying(dataset.index._many)
exec(sys.argv[2])
"""


def run_and_kill(project, code, at):
    """True where the child got through before its death."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(project), code, str(at)], capture_output=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode == 0


def facts(dataset):
    return [(p.key, p.hash, p.split) for p in dataset.pictures()]


def opened(path):
    project = Project(path)
    found = facts(project.dataset)
    project.close()
    return found


@pytest.fixture
def source(tmp_path):
    fill(tmp_path / "in" / "train", labels=("cat",), each=6)
    fill(tmp_path / "in" / "test", labels=("cat", "dog"), each=4, start=100)
    fill(tmp_path / "more", labels=("cat", "dog"), each=4, start=300)
    return tmp_path


@pytest.mark.parametrize("folder", ["in", "more"])
def test_a_killed_import_run_again_ends_the_same(source, folder):
    whole = Project(source / "whole")
    import_path(whole.dataset, source / folder)
    expected = facts(whole.dataset)
    moments = random.Random(7).sample(range(1, 160), 6)
    killed = 0
    for moment in moments:
        path = source / f"killed {moment}"
        killed += not run_and_kill(path, f"import_path(dataset, Path({str(source / folder)!r}))", moment)
        assert {h for _, h, _ in opened(path)} <= {h for _, h, _ in expected}
        again = Project(path)
        import_path(again.dataset, source / folder)
        assert facts(again.dataset) == expected
        assert not [name for name in tree(path / "dataset") if name.endswith(".tmp")]
        again.close()
    assert killed > 2


EDITS = {
    "dataset.relabel(['cat/000.jpg', 'cat/001.jpg', 'cat/002.jpg'], 'tiger')": lambda d: d.relabel(
        ["cat/000.jpg", "cat/001.jpg", "cat/002.jpg"], "tiger"
    ),
    "dataset.delete(['cat/000.jpg', 'dog/001.jpg'])": lambda d: d.delete(["cat/000.jpg", "dog/001.jpg"]),
    "dataset.rename_label('cat', 'a/b')": lambda d: d.rename_label("cat", "a/b"),
    "dataset.delete_label('cat')": lambda d: d.delete_label("cat"),
    "dataset.set_split(['cat/000.jpg', 'cat/001.jpg'], 'test')": lambda d: d.set_split(
        ["cat/000.jpg", "cat/001.jpg"], "test"
    ),
    "dataset.undo()": Dataset.undo,
}


@pytest.mark.parametrize("code", EDITS)
def test_a_killed_edit_has_happened_or_not_and_loses_no_picture(source, code):
    start = Project(source / "start")
    import_path(start.dataset, source / "more")
    start.dataset.relabel(["dog/002.jpg"], "cat")
    before = facts(start.dataset)
    start.close()
    done = Project(shutil.copytree(source / "start", source / "done"))
    EDITS[code](done.dataset)
    after = facts(done.dataset)
    done.close()
    pictures = {content for name, content in tree(source / "start").items() if name.endswith(".jpg")}
    outcomes = []
    for moment in [0, 6, 12, 60]:
        path = shutil.copytree(source / "start", source / f"killed {moment}")
        run_and_kill(path, code, moment)
        outcome = opened(path)
        assert outcome in (before, after)
        outcomes.append(outcome == after)
        assert {content for name, content in tree(path).items() if name.endswith(".jpg")} == pictures
        assert not list(path.glob(".whatsit/history/*.doing.json"))
    assert outcomes[0] is False and outcomes[-1] is True


def test_a_killed_add_keeps_the_picture_or_leaves_no_trace(source):
    content = jpeg(900)
    (source / "new.jpg").write_bytes(content)
    for moment in (0, 3, 6, 9):
        path = source / f"add {moment}"
        run_and_kill(path, f"dataset.add(Path({str(source / 'new.jpg')!r}).read_bytes(), 'cat', split='test')", moment)
        kept = opened(path)
        assert kept == [] or [split for _, _, split in kept] == ["test"]
        assert [v for k, v in tree(path / "dataset").items() if k != "splits.csv"] == [content] * len(kept)
