"""From a lesson and its embeddings to something that recognises."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.embedder import Embedder
from whatsit.heads.linear import LinearHead
from whatsit.heads.unknown import UNKNOWN_RATE, distances, normalised
from whatsit.imaging.preprocess import Preprocess
from whatsit.models.corrected import Seen
from whatsit.models.prediction import Predictions
from whatsit.studio.lessons.lesson import Lesson, Shot
from whatsit.teaching.feature_store import save_features
from whatsit.teaching.few_shot import FewShotClassifier
from whatsit.teaching.support_set import SupportSet, assign

Embeddings = Mapping[int, NDArray[np.float32]]


class Learner:
    """A lesson fitted: its learnt shots have moved the prototypes, the others wait for the next learning."""

    def __init__(self, lesson: Lesson, embeddings: Embeddings, embedder: Embedder) -> None:
        self.embeddings = embeddings
        """Of every shot, by its id."""
        self.embedder = embedder
        self._lesson = lesson
        self._taught, self.rounds = _fit(lesson, embeddings, embedder.dim)
        self.went = _went(lesson, embeddings, embedder.dim)
        """By id, the label of the class that each learnt shot without one was given to."""

    def marked(self, strangers: NDArray[np.float32] | None) -> Self:
        """The same with these marked strangers, by their raw embeddings, shape (n, dim); None: without any."""
        found = copy.copy(self)
        found._taught = self._taught.marked(strangers, UNKNOWN_RATE)
        return found

    @property
    def labels(self) -> tuple[str, ...]:
        """A name per class, in the lesson's order."""
        return self._taught.names

    @property
    def says_unknown(self) -> bool:
        """Whether it can call a picture unknown."""
        return self._taught.says_unknown

    @property
    def preprocess(self) -> Preprocess:
        """How the backbone wants its pictures."""
        return self.embedder.preprocess

    @property
    def knowledge(self) -> object:
        """What it answers by."""
        return self  # nothing in it changes; what is taught next is another learner

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        """The classes nearest to a picture, at most ``top_k``; none, and unknown, while nothing is taught.

        Args:
            pixels: prepared, uint8 of shape (height, width, 3).
        """
        return self.see(pixels, top_k).predictions

    def see(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Seen:
        """As ``classify_pixels``, with what corrected pictures are compared by."""
        if not self.labels:  # nothing to run the network for
            return Seen(Predictions((), unknown=True))
        return self.see_embedding(self.embedder.embed_pixels(pixels), top_k)

    def see_embedding(self, embedding: NDArray[np.float32], top_k: int = 5) -> Seen:
        """The same of a raw embedding, shape (dim,)."""
        if not self.labels:
            return Seen(Predictions((), unknown=True))
        unit = normalised(embedding[np.newaxis])[0]
        nearest = float(distances(unit, self._taught.unit_centres).min())
        return Seen(self._taught.predictions(embedding, top_k), unit, nearest)

    @property
    def head(self) -> LinearHead:
        """The linear head with the same scores."""
        return self._taught.head()

    def to_tflite(self) -> bytes:
        """One int8 file that answers as this does.

        Raises:
            DataError: fewer than two classes, or a label that cannot be a line of a label file.
            ModelError: the backbone is no network.
        """
        classifier = FewShotClassifier(self.embedder)
        classifier.edit(lambda _: self._taught)
        return classifier.to_tflite()

    def save(self, path: Path, more: Sequence[tuple[NDArray[np.float32], str]] = ()) -> None:
        """Write ``my_classes.bin`` and its sidecar.

        Args:
            path: where.
            more: embeddings and labels that are learnt besides the lesson; of those labels that it has.

        Raises:
            DataError: there is no class, or the folder cannot be written.
        """
        file, normalisation = (getattr(self.embedder, name, None) for name in ("file", "normalisation"))
        taught = self._taught
        if more:
            taught, _ = _fit(self._lesson, self.embeddings, self.embedder.dim, more)
            taught = taught.marked(self._taught.strangers, UNKNOWN_RATE)
        save_features(path, taught, self.embedder.id, self.embedder.preprocess, file, normalisation)


def _fit(
    lesson: Lesson, embeddings: Embeddings, dim: int, more: Sequence[tuple[NDArray[np.float32], str]] = ()
) -> tuple[SupportSet, int]:
    firsts = lesson.firsts
    own = {shot.id for shot in firsts}
    samples = [shot for shot in lesson.shots if shot.id not in own]
    learnt = [shot for shot in samples if shot.learnt]
    waiting = [shot for shot in samples if not shot.learnt]
    labels = [found.label for found in lesson.classes]
    known = [(vector, labels.index(label)) for vector, label in more if label in labels]
    seen = np.array([*(embeddings[shot.id] for shot in learnt), *(vector for vector, _ in known)], np.float32)
    owners = *_owners(learnt, lesson), *(owner for _, owner in known)
    taught = SupportSet.of(labels, _stack(firsts, embeddings, dim), seen.reshape(-1, dim), owners)
    rounds = 0
    if owners and firsts:
        taught, rounds = taught.learnt(UNKNOWN_RATE)
    return taught.with_samples(_stack(waiting, embeddings, dim), _owners(waiting, lesson)), rounds


def _went(lesson: Lesson, embeddings: Embeddings, dim: int) -> dict[int, str]:
    firsts = lesson.firsts
    own = {shot.id for shot in firsts}
    learnt = [shot for shot in lesson.shots if shot.learnt and shot.id not in own]
    if all(shot.class_id is not None for shot in learnt):
        return {}
    pictures, samples = _stack(firsts, embeddings, dim), _stack(learnt, embeddings, dim)
    classes, _ = assign(pictures, samples, _owners(learnt, lesson))
    labels = [found.label for found in lesson.classes]
    return {
        shot.id: labels[place] for shot, place in zip(learnt, classes.tolist(), strict=True) if shot.class_id is None
    }


def _stack(shots: Sequence[Shot], embeddings: Embeddings, dim: int) -> NDArray[np.float32]:
    return np.array([embeddings[shot.id] for shot in shots], np.float32).reshape(-1, dim)


def _owners(shots: Sequence[Shot], lesson: Lesson) -> tuple[int | None, ...]:
    place = {found.id: index for index, found in enumerate(lesson.classes)}
    return tuple(None if shot.class_id is None else place[shot.class_id] for shot in shots)
