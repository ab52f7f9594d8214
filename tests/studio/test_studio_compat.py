"""A project that whatsit 0.1.0 wrote opens as it was left, and its steps of undo are edits now."""

import errno
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from whatsit.backbones.backbone import Backbone
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.lessons.lesson import Lesson
from whatsit.studio.lessons.session import TeachSession
from whatsit.studio.lessons.store import LessonStore
from whatsit.teaching.feature_store import load_features


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    """The one that project was taught with."""
    return Backbone.builtin()


@pytest.fixture
def old(tmp_path: Path, shared_data: Path) -> Path:
    """A copy of the project."""
    return Path(shutil.copytree(shared_data / "compat" / "project", tmp_path / "project"))


@contextmanager
def opened(folder: Path, backbone: Backbone) -> Iterator[TeachSession]:
    with Project(folder) as project, closing(TeachSession(project.dataset, backbone)) as session:
        yield session


def counts(lesson: Lesson) -> dict[str, int]:
    """Pictures of each class; unlabelled ones under their folder's name."""
    labels = [lesson.label_of(shot.class_id) or "_unlabelled" for shot in lesson.shots]
    return {label: labels.count(label) for label in labels}


def old_steps(folder: Path) -> list[Lesson]:
    """The lessons the old version kept, the present one last; all but the first can be undone."""
    with closing(sqlite3.connect(folder / ".whatsit" / "teach.db")) as database:
        return [Lesson.from_json(text) for (text,) in database.execute("SELECT lesson FROM lessons ORDER BY id")]


def assert_is(session: TeachSession, lesson: Lesson) -> None:
    """The session stands where the old version had ``lesson``, its pictures too."""
    now = session.lesson
    assert [found.label for found in now.classes] == [found.label for found in lesson.classes]
    assert [shot.id for shot in now.shots] == [shot.id for shot in lesson.shots]
    assert counts(now) == counts(lesson)
    assert (now.rounds, len(now.unlearnt)) == (lesson.rounds, len(lesson.unlearnt))
    for shot in now.shots:
        assert (session.dataset.root / shot.key).is_file()


def test_the_lesson_of_0_1_0_opens_and_answers_the_same(old: Path, backbone: Backbone, shared_data: Path) -> None:
    expected = json.loads((shared_data / "compat" / "expected.json").read_text())
    steps, features = old_steps(old), load_features(old / "my_classes.bin", backbone.dim, backbone.id)
    with opened(old, backbone) as session:
        assert_is(session, steps[-1])
        assert [found.label for found in session.lesson.classes] == expected["lesson"]["classes"]
        assert (session.dataset.undoable() is not None) == expected["lesson"]["can_undo"]
        stats = session.dataset.counts()
        assert {label: {s.value: n for s, n in row.items()} for label, row in stats.items()} == (
            expected["stats"]["classes"]
        )
    again = load_features(old / "my_classes.bin", backbone.dim, backbone.id)
    assert again.labels == features.labels
    np.testing.assert_array_equal(again.pictures, features.pictures)
    np.testing.assert_array_equal(again.centres, features.centres)


def test_its_steps_of_undo_are_undone_one_by_one_across_restarts(old: Path, backbone: Backbone) -> None:
    steps = old_steps(old)
    with opened(old, backbone) as session:
        latest = session.dataset.undoable()
        assert latest is not None and (latest.kind, latest.to) == (EditKind.RENAME_CLASS, "toy robot")
    while len(steps) > 1:
        with opened(old, backbone) as session:
            assert session.dataset.undo()
            steps.pop()
            assert_is(session, steps[-1])
        with opened(old, backbone) as session:
            assert_is(session, steps[-1])
    with opened(old, backbone) as session:
        assert session.dataset.undo() is None
        # What was imported beside the lesson is untouched.
        assert set(session.dataset.labels()) == {"background", "periquito", "robot"}
        assert session.dataset.count("robot") == 7


@pytest.mark.parametrize("at", ["the first table", "the last step"])
def test_the_lesson_of_0_1_0_is_shown_on_a_full_disk_and_taken_over_when_there_is_space(
    old: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    steps = old_steps(old)

    def full_file(*_: object) -> sqlite3.Connection:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    def full_folder(dataset: Dataset, edit: Edit) -> int:
        if edit.lesson == (len(steps) - 1, len(steps)):
            raise DataError("cannot write: No space left on device") from OSError(errno.ENOSPC, "full")
        return record(dataset, edit)

    record = Dataset.record
    with monkeypatch.context() as patch:
        if at == "the first table":
            patch.setattr(LessonStore, "_opened", full_file)
        else:
            patch.setattr(Dataset, "record", full_folder)
        with opened(old, backbone) as session:
            assert_is(session, steps[-1])
            with pytest.raises(DataError, match="disk is full: .* free some space, then start again"):
                session.add_class(next(old.glob("dataset/*/*.jpg")).read_bytes(), "new")
            session.dataset.delete(session.dataset.keys("background")[:1])  # to free space
    with opened(old, backbone) as session:
        assert_is(session, steps[-1])


def test_a_label_corrected_on_the_dataset_page_of_0_1_0_is_not_undone_by_opening(old: Path, backbone: Backbone) -> None:
    moved = next((old / "dataset" / "toy robot").iterdir())
    moved.rename(old / "dataset" / "periquito" / moved.name)
    with opened(old, backbone) as session:
        assert counts(session.lesson) == {"periquito": 5, "toy robot": 3, "_unlabelled": 2}


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_taking_over_goes_on_where_it_was_interrupted(
    old: Path, backbone: Backbone, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    left, record, expected = steps, Dataset.record, old_steps(old)[-1]

    def failing(dataset: Dataset, edit: object) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise DataError("killed")
        return record(dataset, edit)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(DataError, match="killed"):
        patch.setattr(Dataset, "record", failing)
        with opened(old, backbone):
            pass
    with opened(old, backbone) as session:
        assert_is(session, expected)
        undone = 0
        while session.dataset.undo():
            undone += 1
        assert undone == 11
