"""A lesson that was kept, as the pictures lie now: pure functions from what moved and what is there."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from whatsit.datasets.catalogue import Whereabouts
from whatsit.datasets.edit import Edit
from whatsit.datasets.label import RESERVED, STRANGERS, UNLABELLED, label_of
from whatsit.studio.lessons.lesson import Lesson, Shot, TaughtClass

_DATASET = "dataset/"


def followed(lesson: Lesson, edits: Iterable[Edit]) -> Lesson:
    """The lesson after later edits: keys follow the files, and a class's label follows its folder.

    A picture that was moved out of the dataset keeps no key.
    """
    at = {_DATASET + shot.key: shot for shot in lesson.shots if shot.key}
    labels = {found.id: found.label for found in lesson.classes}
    for edit in edits:
        for origin, to in edit.moves:
            if origin in at:
                at[to] = at.pop(origin)
            elif origin.count("/") in (1, 3):  # a class's folder, in the dataset or in the trash
                inside = [path for path in at if path.startswith(origin + "/")]
                for path in inside:
                    at[to + path.removeprefix(origin)] = at.pop(path)
                if inside and origin.count("/") == to.count("/") == 1:
                    _rename(labels, {shot.class_id for shot in map(at.get, _below(at, to)) if shot}, origin, to)
    keys = {shot.id: path.removeprefix(_DATASET) for path, shot in at.items() if path.startswith(_DATASET)}
    return replace(
        lesson,
        classes=tuple(TaughtClass(found.id, labels[found.id]) for found in lesson.classes),
        shots=tuple(replace(shot, key=keys.get(shot.id, "")) for shot in lesson.shots),
    )


def _below(paths: Iterable[str], folder: str) -> list[str]:
    return [path for path in paths if path.startswith(folder + "/")]


def _rename(labels: dict[int, str], ids: set[int | None], origin: str, to: str) -> None:
    old, new = label_of(origin.removeprefix(_DATASET)), label_of(to.removeprefix(_DATASET))
    for class_id, label in labels.items():
        if class_id in ids and label == old:
            labels[class_id] = new


def placed(lesson: Lesson, files: Sequence[Whereabouts], new_id: Callable[[str], int]) -> Lesson:
    """The lesson as the dataset's folders say: a shot's label is where its picture lies, one without picture goes.

    Args:
        lesson: as it was kept, its keys followed.
        files: every file with one of its contents or keys.
        new_id: an id for a class that the lesson does not know yet, by its label.
    """
    found = {shot: file for shot, file in _found(lesson, files).items() if file.label != STRANGERS}
    shots = [shot for shot in lesson.shots if not shot.hash or shot.id in found]
    groups: dict[str, list[Shot]] = {}
    for shot in shots:
        if shot.hash and found[shot.id].label not in RESERVED:
            groups.setdefault(found[shot.id].label, []).append(shot)
    kept = {shot.class_id for shot in shots if not shot.hash}
    ids, classes = _classes(lesson, groups, kept, new_id)

    def now(shot: Shot) -> Shot:
        if not shot.hash:
            return shot if shot.class_id is None else replace(shot, class_id=ids[lesson.taught(shot.class_id).label])
        place = found[shot.id]
        class_id = None if place.label == UNLABELLED else ids[place.label]
        return replace(shot, class_id=class_id, hash=place.hash, key=place.key)

    return Lesson(tuple(classes), tuple(map(now, shots)), lesson.rounds).trimmed()


def _classes(
    lesson: Lesson, groups: dict[str, list[Shot]], kept: set[int | None], new_id: Callable[[str], int]
) -> tuple[dict[str, int], list[TaughtClass]]:
    """The classes in their order, and their ids by label."""
    recorded = {one.label for one in lesson.classes}
    ids: dict[str, int] = {}
    classes: list[TaughtClass] = []
    for one in lesson.classes:
        label = one.label
        if label not in groups and one.id not in kept:
            # All its pictures lie elsewhere: renamed, where one of them is in a class that is new.
            moved = (other for other, shots in groups.items() if any(shot.class_id == one.id for shot in shots))
            label = next((other for other in moved if other not in recorded and other not in ids), "")
        if label and label not in ids:
            ids[label] = one.id
            classes.append(TaughtClass(one.id, label))
    for label in groups:
        if label not in ids:
            ids[label] = new_id(label)
            classes.append(TaughtClass(ids[label], label))
    return ids, classes


def _found(lesson: Lesson, files: Sequence[Whereabouts]) -> dict[int, Whereabouts]:
    """Where each shot's picture lies; no file is two shots' picture."""
    free = {file.key: file for file in files}
    found: dict[int, Whereabouts] = {}
    pictures = [shot for shot in lesson.shots if shot.hash and shot.key]
    for shot in pictures:
        if shot.key in free and free[shot.key].hash == shot.hash:
            found[shot.id] = free.pop(shot.key)
    for shot in pictures:  # moved by hand: the same content in another place, its old class's first
        if shot.id not in found:
            label = lesson.label_of(shot.class_id) or UNLABELLED
            same = [(file.label != label, file.key) for file in free.values() if file.hash == shot.hash]
            if same:
                found[shot.id] = free.pop(min(same)[1])
    for shot in pictures:  # edited in place by hand: another content under the same name
        if shot.id not in found and shot.key in free:
            found[shot.id] = free.pop(shot.key)
    return found
