"""From a lesson and its embeddings to something that recognises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.embedder import Embedder
from whatsit.heads.unknown import distances, normalised
from whatsit.imaging.preprocess import Preprocess
from whatsit.models.prediction import Prediction, Predictions
from whatsit.studio.lessons.lesson import Lesson, Shot
from whatsit.teaching.feature_store import save_features
from whatsit.teaching.support_set import SupportSet

ERROR_RATE = 0.05
"""Share of taught things that may be called unknown, as ``SelfLearnClassifier`` has it."""

Embeddings = Mapping[int, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Likeness(Predictions):
    """Predictions with the distance to every class."""

    distances: tuple[float, ...] = ()
    """Raw Euclidean distances, one a prediction in the same order; smaller is more alike."""


class Learner:
    """A lesson fitted: its learnt shots have moved the prototypes, the others wait for the next learning."""

    def __init__(self, lesson: Lesson, embeddings: Embeddings, embedder: Embedder) -> None:
        self.embeddings = embeddings
        """Of every shot, by its id."""
        self._embedder = embedder
        self._taught, self.rounds = _fit(lesson, embeddings, embedder.dim)

    @property
    def labels(self) -> tuple[str, ...]:
        """A name a class, in the lesson's order."""
        return self._taught.names

    @property
    def preprocess(self) -> Preprocess:
        """How the backbone wants its pictures."""
        return self._embedder.preprocess

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Likeness:
        """The ``top_k`` classes nearest to a picture, as ``SelfLearnClassifier.recognise_pixels`` names it.

        Args:
            pixels: prepared, uint8 of shape (height, width, 3).
        """
        taught = self._taught
        if not taught.names:
            return Likeness(())
        embedding = self._embedder.embed_pixels(pixels)
        away = distances(embedding, taught.centres)
        scores = taught.scores(away)
        nearest = np.argsort(away, kind="stable").tolist()[:top_k]
        limit = taught.calibration.unit_threshold
        return Likeness(
            tuple(Prediction(taught.names[i], float(scores[i]), i) for i in nearest),
            unknown=limit is not None and float(distances(normalised(embedding), taught.unit_centres).min()) > limit,
            distance=float(away[nearest[0]]),
            distances=tuple(float(away[i]) for i in nearest),
        )

    def save(self, path: Path) -> None:
        """Write ``my_classes.bin`` and its sidecar.

        Raises:
            DataError: there is no class, or the folder cannot be written.
        """
        save_features(path, self._taught, self._embedder.id, self._embedder.preprocess)


def _fit(lesson: Lesson, embeddings: Embeddings, dim: int) -> tuple[SupportSet, int]:
    firsts = lesson.firsts
    own = {shot.id for shot in firsts}
    samples = [shot for shot in lesson.shots if shot.id not in own]
    learnt = [shot for shot in samples if shot.learnt]
    waiting = [shot for shot in samples if not shot.learnt]
    pictures = _stack(firsts, embeddings, dim)
    taught = SupportSet(
        labels=tuple(found.label for found in lesson.classes),
        pictures=pictures,
        centres=pictures,
        unit_centres=normalised(pictures),
        samples=_stack(learnt, embeddings, dim),
        owners=_owners(learnt, lesson),
    )
    rounds = 0
    if learnt and firsts:
        taught, rounds = taught.learnt(ERROR_RATE)
    everything = np.vstack((taught.samples, _stack(waiting, embeddings, dim)))
    return replace(taught, samples=everything, owners=taught.owners + _owners(waiting, lesson)), rounds


def _stack(shots: Sequence[Shot], embeddings: Embeddings, dim: int) -> NDArray[np.float32]:
    return np.array([embeddings[shot.id] for shot in shots], np.float32).reshape(-1, dim)


def _owners(shots: Sequence[Shot], lesson: Lesson) -> tuple[int | None, ...]:
    place = {found.id: index for index, found in enumerate(lesson.classes)}
    return tuple(None if shot.class_id is None else place[shot.class_id] for shot in shots)
