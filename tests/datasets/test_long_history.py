"""A long history: what counts is followed edit by edit and comes to the same as reading all of it."""

import random
from contextlib import closing
from pathlib import Path

import pytest

from drawn_pictures import jpeg
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets import mirror
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.history import EditHistory, _lesson, _undoable
from whatsit.datasets.project import Project
from whatsit.datasets.standing import Standing
from whatsit.studio.lessons.session import TeachSession


def read_all(edits: dict[int, Edit | None]) -> tuple[int | None, int | None]:
    newest_first = [(number, edit) for number, edit in sorted(edits.items(), reverse=True) if edit is not None]
    latest = _undoable(newest_first)
    return _lesson(newest_first), None if latest is None else latest[0]


def some_edit(chance: random.Random, number: int) -> Edit | None:
    lesson = (chance.randrange(9), chance.randrange(9)) if chance.random() < 0.3 else None
    if chance.random() < 0.05:
        return None
    if chance.random() < 0.03:
        return Edit(EditKind.FORGET, lesson=lesson)
    undoes = chance.randrange(1, number) if number > 1 and chance.random() < 0.4 else 0
    moves = (("dataset/a/1.jpg", "dataset/b/1.jpg"),) if chance.random() < 0.8 else ()
    return Edit(EditKind.RELABEL, moves=moves, lesson=lesson, undoes=undoes)


@pytest.mark.parametrize("seed", range(40))
def test_following_edits_comes_to_the_same_as_reading_them_all(seed: int) -> None:
    chance = random.Random(seed)
    edits: dict[int, Edit | None] = {}
    standing = Standing(edits.get)
    for number in range(1, 80):
        edits[number] = some_edit(chance, number)
        if chance.random() < 0.1:  # a part joins the newest
            assert standing.after(sorted(edits)) == read_all(edits)
            edits[number] = some_edit(chance, number)
        if chance.random() < 0.05:  # the oldest are forgotten
            of_lesson = max((n for n, edit in edits.items() if edit is not None and edit.lesson is not None), default=1)
            for old in [n for n in sorted(edits)[:2] if n < of_lesson]:
                del edits[old]
        if chance.random() < 0.7 and edits:
            assert standing.after(sorted(edits)) == read_all(edits)


def test_a_history_is_pruned_while_the_project_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prune = EditHistory.prune
    monkeypatch.setattr(EditHistory, "prune", lambda history: prune(history, 4))
    monkeypatch.setattr("whatsit.datasets.history._PRUNED_AFTER", 3)
    with Project(tmp_path) as project:
        picture = project.dataset.add(jpeg(1), "cat", split="training")
        for number in range(30):
            project.dataset.set_split([picture], ("validation", "training")[number % 2])
        assert len(list((tmp_path / ".whatsit" / "history").iterdir())) <= 8


def test_a_lesson_taught_long_ago_does_not_keep_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prune = EditHistory.prune
    monkeypatch.setattr(EditHistory, "prune", lambda history: prune(history, 4))
    monkeypatch.setattr("whatsit.datasets.history._PRUNED_AFTER", 3)
    monkeypatch.setattr("whatsit.studio.lessons.taught.KEPT", 4)
    history = tmp_path / ".whatsit" / "history"
    with Project(tmp_path) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        session.add_class(jpeg(1), "cat")
        for number in range(30):
            project.dataset.rename_label(f"cat {number}" if number else "cat", f"cat {number + 1}")
            assert [found.label for found in session.lesson.classes] == [f"cat {number + 1}"]
        assert len(list(history.iterdir())) <= 10
        lesson = session.lesson
        project.dataset.undo()
        assert [found.label for found in session.lesson.classes] == ["cat 29"]
    with Project(tmp_path) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        assert session.lesson.shots[0].id == lesson.shots[0].id
        assert [found.label for found in session.lesson.classes] == ["cat 29"]


def test_a_record_of_splits_that_is_mostly_older_decisions_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project(tmp_path) as project:
        picture = project.dataset.add(jpeg(1), "cat", split="training")
        for number in range(12):
            project.dataset.set_split([picture], ("validation", "test")[number % 2])
    monkeypatch.setattr(mirror, "_LEAST_SHORTENED", 1)
    record = tmp_path / "dataset" / "splits.csv"
    long = record.read_bytes()
    record.write_bytes(long + b"what is this\n")
    with Project(tmp_path) as project:
        assert project.dataset.pictures()[0].split == "test"
    assert record.read_bytes() == long + b"what is this\n"  # a line that nobody understands is never removed
    record.write_bytes(long)
    with Project(tmp_path) as project:
        assert project.dataset.pictures()[0].split == "test"
        assert len(record.read_text().splitlines()) == 2
        project.dataset.undo()
        assert project.dataset.pictures()[0].split == "validation"
