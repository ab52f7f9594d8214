"""What has been taught so far, as a value: every change makes a new one, so undo is the one before."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from whatsit.errors import DataError

MAX_CLASSES = 200
MAX_SHOTS = 5000


@dataclass(frozen=True, slots=True)
class TaughtClass:
    """A class of the lesson. ``id`` never changes and is never used again; the label may be changed."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture's place in the lesson. ``class_id`` is None for an unlabelled sample."""

    id: int
    class_id: int | None
    learnt: bool = False
    """Whether the last round of learning used it. A class's first shot counts from the start."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Classes in the order they were added, and shots in theirs; a class's first shot is its own picture."""

    classes: tuple[TaughtClass, ...] = ()
    shots: tuple[Shot, ...] = ()
    rounds: int = 0
    """Rounds learnt since the lesson began."""

    def label_of(self, class_id: int | None) -> str | None:
        """The class's label, or None for unlabelled samples.

        Raises:
            DataError: no such class.
        """
        return None if class_id is None else self.taught(class_id).label

    def taught(self, class_id: int) -> TaughtClass:
        """The class of that id.

        Raises:
            DataError: no such class, perhaps removed meanwhile in another window.
        """
        for found in self.classes:
            if found.id == class_id:
                return found
        raise DataError(f"class {class_id}: no such class, it may have been removed in another window")

    def shots_of(self, class_id: int | None) -> tuple[Shot, ...]:
        """The shots of a class, oldest first; None for the unlabelled ones."""
        return tuple(shot for shot in self.shots if shot.class_id == class_id)

    @property
    def samples(self) -> int:
        """Shots beyond each class's first."""
        return len(self.shots) - len(self.classes)

    @property
    def unlearnt(self) -> tuple[Shot, ...]:
        """Samples the last round of learning did not see."""
        firsts = {self.shots_of(found.id)[0].id for found in self.classes}
        return tuple(shot for shot in self.shots if not shot.learnt and shot.id not in firsts)

    def with_class(self, shot_id: int, label: str) -> "Lesson":
        """A class that starts from one shot.

        Raises:
            DataError: the label is taken, or there are ``MAX_CLASSES`` already.
        """
        if len(self.classes) >= MAX_CLASSES:
            raise DataError(f"{MAX_CLASSES} classes is the most one lesson holds; remove one first")
        self._refuse_taken(label)
        return replace(
            self,
            classes=(*self.classes, TaughtClass(shot_id, label)),
            shots=(*self.shots, Shot(shot_id, shot_id)),
        )

    def with_sample(self, shot_id: int, class_id: int | None) -> "Lesson":
        """One more shot, of a class or unlabelled.

        Raises:
            DataError: no such class, no class at all, or ``MAX_SHOTS`` reached.
        """
        if class_id is not None:
            self.taught(class_id)
        if not self.classes:
            raise DataError("there is no class yet; add a class first")
        if len(self.shots) >= MAX_SHOTS:
            raise DataError(f"{MAX_SHOTS:,} pictures is the most one lesson holds; remove some first")
        return replace(self, shots=(*self.shots, Shot(shot_id, class_id)))

    def renamed(self, class_id: int, label: str) -> "Lesson":
        """The class under another label.

        Raises:
            DataError: no such class, or another class has the label.
        """
        old = self.taught(class_id)
        if old.label != label:
            self._refuse_taken(label)
        new = TaughtClass(class_id, label)
        return replace(self, classes=tuple(new if found is old else found for found in self.classes))

    def without_class(self, class_id: int) -> "Lesson":
        """The lesson without a class and its shots.

        Raises:
            DataError: no such class.
        """
        self.taught(class_id)
        kept = Lesson(
            tuple(found for found in self.classes if found.id != class_id),
            tuple(shot for shot in self.shots if shot.class_id != class_id),
            self.rounds,
        )
        return kept if kept.classes else Lesson(shots=kept.shots)

    def without_shot(self, shot_id: int) -> "Lesson":
        """The lesson without one shot; a class that loses its last one goes too.

        Raises:
            DataError: no such picture.
        """
        shot = self.shot(shot_id)
        if shot.class_id is not None and len(self.shots_of(shot.class_id)) == 1:
            return self.without_class(shot.class_id)
        return replace(self, shots=tuple(found for found in self.shots if found is not shot))

    def moved(self, shot_id: int, class_id: int | None) -> "Lesson":
        """One shot given to another class, or made unlabelled; a class that loses its last one goes.

        Raises:
            DataError: no such picture or class.
        """
        shot = self.shot(shot_id)
        if shot.class_id == class_id:
            return self
        self.label_of(class_id)
        left = self.without_shot(shot_id)
        return replace(left, shots=(*left.shots, Shot(shot_id, class_id)))

    def shot(self, shot_id: int) -> Shot:
        """The shot of that id.

        Raises:
            DataError: no such picture.
        """
        for found in self.shots:
            if found.id == shot_id:
                return found
        raise DataError(f"picture {shot_id}: no such picture, it may have been removed in another window")

    def learnt(self, rounds: int) -> "Lesson":
        """Everything so far taken into account, in that many rounds more."""
        shots = tuple(replace(shot, learnt=True) for shot in self.shots)
        return replace(self, shots=shots, rounds=self.rounds + rounds)

    def to_json(self) -> str:
        """The lesson as one line of JSON."""
        return json.dumps(
            {
                "classes": [[found.id, found.label] for found in self.classes],
                "shots": [[shot.id, shot.class_id, shot.learnt] for shot in self.shots],
                "rounds": self.rounds,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "Lesson":
        """The lesson ``to_json`` wrote."""
        fields = json.loads(text)
        return cls(
            tuple(TaughtClass(*found) for found in fields["classes"]),
            tuple(Shot(*shot) for shot in fields["shots"]),
            fields["rounds"],
        )

    def _refuse_taken(self, label: str) -> None:
        if any(found.label == label for found in self.classes):
            raise DataError(f"{label!r}: there is already a class of this name; choose another")


def shot_ids(lessons: Iterable[Lesson]) -> set[int]:
    """Every shot any of the lessons refers to."""
    return {shot.id for lesson in lessons for shot in lesson.shots}
