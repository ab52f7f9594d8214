"""Killed at any moment, whatsit has either done an edit or not begun it, and an import goes on where it was."""

import random
import shutil

import pytest

from drawn_pictures import fill, jpeg, tree
from mortal import mortal
from nth_call import ALWAYS
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project


@pytest.fixture(scope="module")
def run_and_kill():
    with mortal(taught=False) as call:
        yield call


def facts(dataset):
    return [(p.key, p.hash, p.split) for p in dataset.pictures()]


def opened(path):
    with Project(path) as project:
        return facts(project.dataset)


def opened_with_classes(path):
    """The pictures, and the classes: one that is new has no pictures yet."""
    with Project(path) as project:
        return facts(project.dataset), project.dataset.labels()


def pictures_in(path):
    return {content for name, content in tree(path).items() if name.endswith(".jpg")}


@pytest.fixture
def source(tmp_path):
    fill(tmp_path / "in" / "train", labels=("cat",), each=6)
    fill(tmp_path / "in" / "test", labels=("cat", "dog"), each=4, start=100)
    fill(tmp_path / "more", labels=("cat", "dog"), each=4, start=300)
    return tmp_path


@pytest.mark.parametrize("folder", ["in", "more"])
def test_an_import_killed_at_25_random_moments_and_run_again_ends_the_same(source, run_and_kill, folder):
    code = f"import_path(dataset, Path({str(source / folder)!r}))"
    calls = run_and_kill(source / "whole", code, ALWAYS)
    expected = opened(source / "whole")
    for moment in random.Random(7).sample(range(calls), 25):
        path = source / f"killed {moment}"
        assert run_and_kill(path, code, moment) is None
        assert {h for _, h, _ in opened(path)} <= {h for _, h, _ in expected}
        with Project(path) as again:
            import_path(again.dataset, source / folder)
            assert facts(again.dataset) == expected
        assert not [name for name in tree(path / "dataset") if name.endswith(".tmp")]


EDITS = (
    "dataset.relabel(['cat/000.jpg', 'cat/001.jpg', 'cat/003.jpg'], 'tiger')",
    "dataset.set_split(['cat/000.jpg', 'cat/001.jpg'], 'test')",
    "dataset.delete(['cat/000.jpg', 'dog/001.jpg'])",
    "dataset.rename_label('cat', 'a/b')",
    "dataset.delete_label('cat')",
    "dataset.add_label('owl')",
    "dataset.resplit()",
    "dataset.undo()",
    "dataset.rebuild()",
)


@pytest.mark.parametrize("code", EDITS)
def test_a_killed_edit_has_happened_or_not_and_loses_no_picture(source, run_and_kill, code):
    with Project(source / "start") as start:
        import_path(start.dataset, source / "more")
        start.dataset.set_split(["cat/002.jpg"], "test")
        start.dataset.delete(["dog/003.jpg"])
        start.dataset.relabel(["dog/002.jpg"], "cat")
    before, pictures = opened_with_classes(source / "start"), pictures_in(source / "start")
    calls = run_and_kill(shutil.copytree(source / "start", source / "done"), code, ALWAYS)
    after = opened_with_classes(source / "done")
    outcomes = []
    for moment in range(calls):
        path = shutil.copytree(source / "start", source / f"killed {moment}")
        assert run_and_kill(path, code, moment) is None
        outcomes.append(opened_with_classes(path))
        assert pictures_in(path) == pictures
        assert not list(path.glob(".whatsit/history/*.doing.json"))
    assert outcomes[0] == before and outcomes[-1] == after
    assert before != after or code == "dataset.rebuild()"
    # Never something in between, and nothing that happened is forgotten by dying later.
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome == after)
    assert all(outcome in (before, after) for outcome in outcomes)


def test_emptying_the_trash_may_die_and_what_was_not_deleted_is_there(source, run_and_kill):
    with Project(source / "start") as start:
        import_path(start.dataset, source / "more")
        start.dataset.relabel(["dog/002.jpg"], "cat")
        start.dataset.delete(["cat/000.jpg", "dog/001.jpg"])
    before = opened(source / "start")
    code = "dataset.empty_trash()"
    calls = run_and_kill(shutil.copytree(source / "start", source / "done"), code, ALWAYS)
    for moment in range(calls):
        path = shutil.copytree(source / "start", source / f"killed {moment}")
        run_and_kill(path, code, moment)
        assert opened(path) == before
        with Project(path) as project:
            assert project.dataset.empty_trash() in (0, 1, 2)
            assert project.dataset.undo() is None


def test_a_burst_killed_at_any_moment_has_its_next_picture_or_not_and_is_undone_as_one(source, run_and_kill):
    with Project(source / "start") as start:
        for number in range(3):
            start.dataset.add(jpeg(number), "cat", burst="held", split="test")
    (source / "new.jpg").write_bytes(jpeg(900))
    code = f"dataset.add(Path({str(source / 'new.jpg')!r}).read_bytes(), 'cat', burst='held', split='test')"
    counts = []
    for moment in range(run_and_kill(shutil.copytree(source / "start", source / "done"), code, ALWAYS)):
        path = shutil.copytree(source / "start", source / f"burst {moment}")
        run_and_kill(path, code, moment)
        with Project(path) as project:
            counts.append(project.dataset.count("cat"))
            assert project.dataset.undoable().count == counts[-1]
            project.dataset.undo()
            assert project.dataset.count() == 0 and project.dataset.undo() is None
    assert set(counts) == {3, 4} and counts == sorted(counts)


def test_a_killed_add_keeps_the_picture_or_leaves_no_trace(source, run_and_kill):
    content = jpeg(900)
    (source / "new.jpg").write_bytes(content)
    code = f"dataset.add(Path({str(source / 'new.jpg')!r}).read_bytes(), 'cat', split='test')"
    outcomes = []
    for moment in range(run_and_kill(source / "whole", code, ALWAYS)):
        path = source / f"add {moment}"
        run_and_kill(path, code, moment)
        kept = opened(path)
        outcomes.append([str(split) for _, _, split in kept])
        assert [v for k, v in tree(path / "dataset").items() if k != "splits.csv"] == [content] * len(kept)
    assert outcomes[0] == [] and outcomes[-1] == ["test"] and outcomes == sorted(outcomes)
