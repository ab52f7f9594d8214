"""The lesson as whatsit 0.1.0 kept it, taken over: its steps become edits of the dataset, which undo goes back by.

That version kept its own lessons in ``teach.db``, each a step of undo, and moved pictures between the dataset and
``.whatsit/held`` as it went back and forth.
"""

import contextlib
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.label import UNLABELLED, folder_name
from whatsit.datasets.places import HELD, LESSONS, TRASH
from whatsit.datasets.reserve import is_full
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.studio.lessons.embeddings import Embeddings, Vector
from whatsit.studio.lessons.lesson import Lesson, Shot
from whatsit.studio.lessons.store import LessonStore

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
"""Its pictures' file names. The project may have come from a stranger: no other name is looked for."""
_HELD = f"{TRASH.path}/held"
"""Where the pictures of steps that were undone lie now."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A shot as that version kept it: its picture's file name, None for features alone, and its embedding."""

    picture: str | None
    embedding: Vector


def take_over(store: LessonStore, dataset: Dataset, embeddings: Embeddings, embedder: Embedder) -> None:
    """Make the lesson of an earlier version one of ours; nothing happens where there is none.

    A process that is killed within goes on at the next opening. On a full disk the lesson is shown as it is, and taken
    over when there is space.

    Raises:
        DataError: the disk is read-only.
    """
    tables = {name for (name,) in store.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "lessons" not in tables:
        if store.in_memory:
            store.hold(store.newest())
        return
    if store.in_memory:
        _hold(store, dataset, embeddings, embedder)
        return
    try:
        _take_over(store, dataset, embeddings, embedder)
        with store.transaction():
            store.database.execute("DROP TABLE lessons")
            store.database.execute("DROP TABLE shots")
    except (OSError, DataError) as error:
        if is_full(error):
            store.leave_disk(LESSONS.below(dataset.root.parent))
            _hold(store, dataset, embeddings, embedder)
        elif isinstance(error, DataError):
            raise
        else:
            raise DataError(f"{dataset.root.parent}: its lesson cannot be taken over: {error.strerror}") from error
    dataset.refresh()


def _hold(store: LessonStore, dataset: Dataset, embeddings: Embeddings, embedder: Embedder) -> None:
    """Show the lesson without writing anything."""
    lessons, shots = _kept(store)
    pictured = _with_pictures(dataset.root.parent, lessons, shots, _places(dataset.root.parent, lessons, shots, False))
    _keep(store, dataset, pictured, shots)
    store.hold(max(lessons, default=0))
    with contextlib.suppress(DataError):
        _keep_embeddings(store, pictured, shots, embeddings, embedder)
    _log.warning(
        "%s: the disk is full: the lesson can be shown, not changed; free some space, then start again",
        dataset.root.parent,
    )


def _kept(store: LessonStore) -> tuple[dict[int, Lesson], dict[int, _Recorded]]:
    """That version's lessons and shots by their numbers."""
    rows = store.database.execute("SELECT id, lesson FROM lessons ORDER BY id").fetchall()
    lessons = {int(number): Lesson.from_json(text) for number, text in rows}
    shots = {
        int(shot): _Recorded(picture, np.frombuffer(blob, "<f4").copy())
        for shot, picture, blob in store.database.execute("SELECT id, picture, embedding FROM shots")
        if picture is None or _NAME.fullmatch(picture)
    }
    return lessons, shots


def _take_over(store: LessonStore, dataset: Dataset, embeddings: Embeddings, embedder: Embedder) -> None:
    lessons, shots = _kept(store)
    project = dataset.root.parent
    _release(project)
    places = _places(project, lessons, shots)
    pictured = _with_pictures(project, lessons, shots, places)
    if lessons:
        _keep(store, dataset, pictured, shots)
        _record_steps(dataset, pictured, shots)
    _keep_embeddings(store, pictured, shots, embeddings, embedder)


def _keep_embeddings(
    store: LessonStore,
    pictured: dict[int, Lesson],
    shots: dict[int, _Recorded],
    embeddings: Embeddings,
    embedder: Embedder,
) -> None:
    if store.setting("embedder") == embedder.id:
        contents = {shot.hash: shots[shot.id].embedding for lesson in pictured.values() for shot in lesson.shots}
        embeddings.keep({hash_: vector for hash_, vector in contents.items() if hash_})


def _release(project: Path) -> None:
    """Pictures held aside wait in the trash, as all that undo may bring back."""
    held = HELD.below(project)
    if held.is_dir():
        beneath.make_folder(project / _HELD)
        for path in held.iterdir():
            beneath.replace(path, project / _HELD / path.name)
        beneath.rmdir(held)


def _place(lesson: Lesson, shot_id: int, name: str) -> str:
    """Where a lesson has a shot's picture, relative to the project."""
    for shot in lesson.shots:
        if shot.id == shot_id:
            label = lesson.label_of(shot.class_id)
            return f"dataset/{UNLABELLED if label is None else folder_name(label)}/{name}"
    return f"{_HELD}/{name}"


def _places(
    project: Path, lessons: dict[int, Lesson], shots: dict[int, _Recorded], put_back: bool = True
) -> dict[int, Path]:
    """Where each picture lies. One that a crash kept from the dataset is put there, where that is wanted."""
    last = [*lessons.values()][-1] if lessons else Lesson()
    found: dict[int, Path] = {}
    for shot_id, shot in shots.items():
        if shot.picture is None:
            continue
        wanted, held = project / _place(last, shot_id, shot.picture), project / _HELD / shot.picture
        if put_back and held.exists() and not wanted.exists():
            beneath.make_folder(wanted.parent)
            beneath.replace(held, wanted)
        elsewhere = (*project.glob(f"dataset/*/{shot.picture}"), *project.glob(f"{TRASH.path}/*/*/{shot.picture}"))
        there = [path for path in (wanted, *elsewhere) if path.is_file()]
        if there:
            found[shot_id] = there[0]
    return found


def _with_pictures(
    project: Path, lessons: dict[int, Lesson], shots: dict[int, _Recorded], places: dict[int, Path]
) -> dict[int, Lesson]:
    """The lessons with the content and key of each picture; a picture that nobody has any more is not taught."""
    hashes = {shot: _hash(path) for shot, path in places.items()}
    last = max(lessons, default=0)

    def pictured(number: int, lesson: Lesson) -> Iterator[Shot]:
        for shot in lesson.shots:
            name = shots[shot.id].picture if shot.id in shots else ""
            if name is None:
                yield shot
            elif shot.id in places:
                place = _place(lesson, shot.id, name)
                if number == last and places[shot.id].is_relative_to(project / "dataset"):
                    place = places[shot.id].relative_to(project).as_posix()  # a label corrected since counts
                yield replace(shot, hash=hashes[shot.id], key=place.removeprefix("dataset/"))

    return {
        number: replace(lesson, shots=tuple(pictured(number, lesson))).trimmed() for number, lesson in lessons.items()
    }


def _hash(path: Path) -> str:
    with os.fdopen(beneath.opened(path, os.O_RDONLY), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _keep(store: LessonStore, dataset: Dataset, lessons: dict[int, Lesson], shots: dict[int, _Recorded]) -> None:
    """The lessons as versions of the same numbers, in one transaction."""
    embedder, before = store.setting("embedder") or "", dataset.edits
    if store.newest():
        return  # killed after this, the last time
    with store.transaction():
        for place, (number, lesson) in enumerate(lessons.items()):
            values = (number, before + place, lesson.to_json())
            store.database.execute("INSERT INTO versions (id, edits, lesson) VALUES (?, ?, ?)", values)
        for shot_id, shot in shots.items():
            if shot.picture is None:
                store.put_features(shot_id, embedder, shot.embedding)
        highest = max((id_ for lesson in lessons.values() for id_ in _ids(lesson)), default=0)
        store.database.execute("INSERT OR REPLACE INTO settings VALUES ('highest_id', ?)", (str(highest),))


def _ids(lesson: Lesson) -> Iterator[int]:
    yield from (shot.id for shot in lesson.shots)
    yield from (found.id for found in lesson.classes)


def _record_steps(dataset: Dataset, lessons: dict[int, Lesson], shots: dict[int, _Recorded]) -> None:
    """An edit for every step from one lesson to the next, as if this version had made it."""
    recorded = {edit.lesson for edit in dataset.edits_since(0)}
    if len(lessons) == 1:
        (only,) = lessons
        if (only, only) not in recorded:
            dataset.record(Edit(EditKind.TEACH, lesson=(only, only)))
    for (number, before), (after_number, after) in pairwise(lessons.items()):
        if (number, after_number) in recorded:
            continue
        moves = []
        for shot_id, shot in shots.items():
            if shot.picture is not None:
                there, here = _place(before, shot_id, shot.picture), _place(after, shot_id, shot.picture)
                moves += [(there, here)] if there != here else []
        folders = _folders(after) - _folders(before), _folders(before) - _folders(after)
        makes, removes = (tuple(f"dataset/{folder}" for folder in sorted(some)) for some in folders)
        edit = replace(_step(before, after), moves=tuple(moves), makes=makes, removes=removes)
        dataset.record(replace(edit, lesson=(number, after_number)))


def _folders(lesson: Lesson) -> set[str]:
    return {shot.key.partition("/")[0] for shot in lesson.shots if shot.key}


def _step(before: Lesson, after: Lesson) -> Edit:
    """What a person did between two lessons."""
    old, new = ({shot.id: shot for shot in lesson.shots} for lesson in (before, after))
    added = [shot for shot in after.shots if shot.id not in old]
    removed = [shot for shot in before.shots if shot.id not in new]
    moved = [shot for shot in after.shots if shot.id in old and old[shot.id].class_id != shot.class_id]
    gone, come = sorted(_labels(before) - _labels(after)), sorted(_labels(after) - _labels(before))
    if added:
        to = after.label_of(added[0].class_id) or UNLABELLED
        edit = Edit(EditKind.LOAD) if removed else Edit(EditKind.ADD, len(added), to=to)
    elif removed:
        kind = EditKind.DELETE_CLASS if gone else EditKind.DELETE
        edit = Edit(kind if new else EditKind.CLEAR, len(removed), "".join(gone[:1]))
    elif gone and come:
        edit = Edit(EditKind.RENAME_CLASS, label=gone[0], to=come[0])
    elif moved:
        edit = Edit(EditKind.RELABEL, len(moved), to=after.label_of(moved[0].class_id) or UNLABELLED)
    else:
        edit = Edit(EditKind.LEARN)
    return edit


def _labels(lesson: Lesson) -> set[str]:
    return {found.label for found in lesson.classes}
