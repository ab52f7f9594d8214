"""What has been taught so far, as a value: which pictures, in which classes, and what the last learning saw."""

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
    """One taught picture, or the features of one whose picture nobody has."""

    id: int
    class_id: int | None
    """None for an unlabelled sample."""
    learnt: bool = False
    """Whether the last learning used it. A class's first shot counts from the start."""
    hash: str = ""
    """SHA-256 of the picture's bytes; empty for features alone."""
    key: str = ""
    """Where the picture lies, ``<folder>/<file>`` in the dataset; empty where it does not lie there any more."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Classes and shots in the order they were added; a class's first shot is its own picture."""

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
    def firsts(self) -> tuple[Shot, ...]:
        """Each class's own picture, in the order of the classes."""
        first: dict[int | None, Shot] = {}
        for shot in self.shots:
            first.setdefault(shot.class_id, shot)
        return tuple(first[found.id] for found in self.classes)

    @property
    def unlearnt(self) -> tuple[Shot, ...]:
        """Samples the last learning did not see."""
        firsts = {shot.id for shot in self.firsts}
        return tuple(shot for shot in self.shots if not shot.learnt and shot.id not in firsts)

    def with_class(self, new: TaughtClass, shot: Shot) -> "Lesson":
        """A class that starts from one shot.

        Raises:
            DataError: the label is taken, or there are ``MAX_CLASSES`` already.
        """
        if len(self.classes) >= MAX_CLASSES:
            raise DataError(f"{MAX_CLASSES} classes is the most one lesson holds; remove one first")
        self._refuse_taken(new.label)
        return replace(self, classes=(*self.classes, new), shots=(*self.shots, shot))

    def with_sample(self, shot: Shot) -> "Lesson":
        """One more shot, of a class or unlabelled.

        Raises:
            DataError: no such class, no class at all, or ``MAX_SHOTS`` reached.
        """
        self.label_of(shot.class_id)
        if not self.classes:
            raise DataError("there is no class yet; add a class first")
        if len(self.shots) >= MAX_SHOTS:
            raise DataError(f"{MAX_SHOTS:,} pictures is the most one lesson holds; remove some first")
        return replace(self, shots=(*self.shots, shot))

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

    def without(self, shots: Iterable[Shot]) -> "Lesson":
        """The lesson without some shots; a class that loses its last one goes, and with the last class the rounds."""
        gone = {shot.id for shot in shots}
        return Lesson(self.classes, tuple(shot for shot in self.shots if shot.id not in gone), self.rounds).trimmed()

    def moved(self, shot_id: int, class_id: int | None) -> "Lesson":
        """One shot given to another class, or made unlabelled; a class that loses its last one goes.

        Raises:
            DataError: no such picture or class.
        """
        self.label_of(class_id)
        moved = replace(self.shot(shot_id), class_id=class_id)
        return replace(self, shots=tuple(moved if shot.id == shot_id else shot for shot in self.shots)).trimmed()

    def trimmed(self) -> "Lesson":
        """Without classes that have no shot."""
        alive = {shot.class_id for shot in self.shots}
        classes = tuple(found for found in self.classes if found.id in alive)
        return replace(self, classes=classes, rounds=self.rounds if classes else 0)

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
                "shots": [[shot.id, shot.class_id, shot.learnt, shot.hash, shot.key] for shot in self.shots],
                "rounds": self.rounds,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "Lesson":
        """The lesson ``to_json`` wrote; earlier versions wrote shots without hash and key."""
        fields = json.loads(text)
        return cls(
            tuple(TaughtClass(*found) for found in fields["classes"]),
            tuple(Shot(*shot) for shot in fields["shots"]),
            fields["rounds"],
        )

    def _refuse_taken(self, label: str) -> None:
        if any(found.label == label for found in self.classes):
            raise DataError(f"{label!r}: there is already a class of this name; choose another")
