"""What to photograph next, for the pages: of the lesson, and of the dataset."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.coach import Advice, AdviceKind, advise_by_looks
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.issues.examination import unit_embeddings
from whatsit.datasets.label import RESERVED
from whatsit.datasets.traits import Trait
from whatsit.heads.unknown import normalised
from whatsit.parallel import Progress
from whatsit.studio.jobs.background import Background
from whatsit.studio.lessons.session import TeachSession

Subject: TypeAlias = Literal["lesson", "dataset"]
Kind: TypeAlias = Literal["start", "more", "variety", "confused", "go_on", "enough"]
Lacks: TypeAlias = Literal["dark", "bright", "warm", "cold", "near", "away", "background"]
_LACKS: dict[Trait, Lacks] = {
    Trait.DARK: "dark",
    Trait.BRIGHT: "bright",
    Trait.WARM: "warm",
    Trait.COLD: "cold",
    Trait.NEAR: "near",
    Trait.AWAY: "away",
    Trait.BACKGROUND: "background",
}
_KINDS: dict[AdviceKind, Kind] = {
    AdviceKind.START: "start",
    AdviceKind.MORE: "more",
    AdviceKind.VARIETY: "variety",
    AdviceKind.CONFUSED: "confused",
    AdviceKind.GO_ON: "go_on",
    AdviceKind.ENOUGH: "enough",
}


class CoachView(TypedDict):
    """The coach's advice."""

    kind: Kind | None
    """None while nothing was looked at yet."""
    label: str
    other: str
    number: int
    """Pictures that are missing, or the percentage that is confused."""
    readiness: float
    """0..1"""
    lacks: Lacks | None
    """What the pictures of the class lack, where that can be told."""
    preparing: bool
    """Whether pictures are still being looked at; the advice is of the state before."""


class Coaching:
    """Gives advice again only where pictures have changed; those of the dataset are embedded in the background."""

    def __init__(self, dataset: Dataset, embedder: Embedder, session: TeachSession, looking: Background) -> None:
        self._dataset, self._embedder, self._session, self._looking = dataset, embedder, session, looking
        self._of_lesson: tuple[object, Advice] | None = None
        self._of_dataset: tuple[object, Advice] | None = None
        self._begun: int | None = None
        """The state of the dataset that was looked at last, whether or not that ended well."""

    def view(self, subject: Subject) -> CoachView:
        """What to photograph next; it returns at once.

        Raises:
            DataError: the work cannot be started.
        """
        return self._lesson() if subject == "lesson" else self._pictures()

    def close(self) -> None:
        """Stop looking."""
        self._looking.close()

    def _lesson(self) -> CoachView:
        lesson, learner = self._session.lesson, self._session.learner
        if self._of_lesson is None or self._of_lesson[0] is not lesson:
            shots = [shot for shot in lesson.shots if shot.class_id is not None and shot.id in learner.embeddings]
            labels = [str(lesson.label_of(shot.class_id)) for shot in shots]
            rows = np.array([learner.embeddings[shot.id] for shot in shots], np.float32)
            unit = normalised(rows.reshape(-1, self._embedder.dim))
            self._of_lesson = lesson, self._advice(unit, labels, [shot.hash for shot in shots])
        return _view(self._of_lesson[1], preparing=False)

    def _pictures(self) -> CoachView:
        key = self._dataset.edits
        known = self._of_dataset
        current = known is not None and known[0] == key
        # What could not be looked at is tried again only once something has changed.
        preparing = not current and (self._looking.running or self._begun != key)
        if preparing and not self._looking.running:
            self._begun = key
            self._looking.begin(self._look)
        return _view(None if known is None else known[1], preparing=preparing)

    def _look(self, progress: Progress) -> None:
        key = self._dataset.edits
        pictures = [one for one in self._dataset.pictures() if not one.error and one.label not in RESERVED]
        unit = unit_embeddings(self._dataset, pictures, self._embedder, progress)
        self._of_dataset = key, self._advice(unit, [one.label for one in pictures], [one.hash for one in pictures])

    def _advice(self, unit: NDArray[np.float32], labels: Sequence[str], hashes: Sequence[str]) -> Advice:
        if not labels:
            return Advice(AdviceKind.START)
        return advise_by_looks(unit, labels, hashes, self._dataset.colours)


def _view(advice: Advice | None, *, preparing: bool) -> CoachView:
    if advice is None:
        return {
            "kind": None,
            "label": "",
            "other": "",
            "number": 0,
            "readiness": 0.0,
            "lacks": None,
            "preparing": preparing,
        }
    return {
        "kind": _KINDS[advice.kind],
        "label": advice.label,
        "other": advice.other,
        "number": advice.number,
        "readiness": advice.readiness,
        "lacks": None if advice.lacks is None else _LACKS[advice.lacks],
        "preparing": preparing,
    }
