"""The pictures of a run that are most like one picture: exact, without looking at every embedding."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.bulk.inputs import absolute
from whatsit.bulk.job import ModelChoice
from whatsit.bulk.manifest import known_manifest
from whatsit.bulk.search_index import SearchIndex, open_index
from whatsit.errors import ArgumentError, DataError, ModelError
from whatsit.imaging.image import ImageLike
from whatsit.models.classifier import Classifier
from whatsit.validation import first_few, index, short, whole_number
from whatsit.validation import path as checked_path

_PROMISING, _FIRST = 256, 64
"""How many are looked at first: of those that look best by the coarse sketch, and of these by the sketch."""
_SKETCHES, _BLOCK = 8192, 1024
"""Sketches and embeddings that are in memory at a time."""
_ROUNDING = np.float32(1e-5)


@dataclass(frozen=True, slots=True)
class Match:
    """A picture that is like another one."""

    path: str
    label: str
    score: float
    """Of the label, 0..1."""
    unknown: bool
    similarity: float
    """Cosine of the two embeddings, -1..1; 1: the same."""
    row: int
    """Its place among the pictures of the run that have an answer."""


class Search:
    """Opened once, asked often.

    A sketch of each embedding (its projection on 256 directions, and the length of what is left) gives the highest
    similarity that it can have (Cauchy-Schwarz), and so do 64 of the directions, less closely. The 64 are looked at for
    every picture, the sketch for those that they leave, and only embeddings that can still be among the best are
    compared as a whole: the answer is that of comparing all of them.
    """

    def __init__(self, out: str | os.PathLike[str], *, model: str | os.PathLike[str] | None = None) -> None:
        """Open a finished run; the first time, its index is made.

        Args:
            out: the folder of the parts, made with embeddings.
            model: the model of the run, if its file has moved.

        Raises:
            DataError: there is no finished run with embeddings.
        """
        self._out = Path(absolute(checked_path(out, "the folder of a run")))
        self._model = model
        self._index: SearchIndex = open_index(self._out)
        self._classifier: Classifier | None = None

    @property
    def labels(self) -> Sequence[str]:
        """The labels that pictures of the run have."""
        return self._index.names

    def __len__(self) -> int:
        return len(self._index.labels)

    def path(self, row: int) -> str:
        """The path of a picture by ``Match.row``.

        Raises:
            ArgumentError: there is no such row.
        """
        return str(self._index.rows["path"][index(row, "row", len(self))])

    def embed(self, picture: ImageLike) -> NDArray[np.float32]:
        """The embedding of a picture, as the run's model gives it: L2-normalised, shape (dim,).

        Raises:
            ImageError: the picture cannot be read.
            ModelError: the run's model is not where it was, or another one is there.
        """
        if self._classifier is None:
            self._classifier = self._loaded()
        found = self._classifier.examine(self._classifier.preprocess.pixels(picture)).embedding
        assert found is not None
        return found

    def find(self, picture: ImageLike, k: int = 20, *, label: str | None = None) -> list[Match]:
        """The ``k`` pictures most like ``picture``, best first; equals in the order of the run.

        Args:
            picture: as for ``Classifier``.
            k: how many.
            label: of those with this label alone.

        Raises:
            ImageError: the picture cannot be read.
            DataError: no picture of the run has that label.
        """
        return self.nearest(self.embed(picture), k, label=label)

    def nearest(self, embedding: NDArray[np.float32], k: int = 20, *, label: str | None = None) -> list[Match]:
        """As ``find``, for an embedding.

        Raises:
            ArgumentError: an embedding of another length.
            DataError: no picture of the run has that label.
        """
        k = whole_number(k, "k")
        query = np.asarray(embedding, np.float32)
        if query.shape != (self._index.embeddings.dim,):
            raise ArgumentError(f"embedding of shape {query.shape}: expected {(self._index.embeddings.dim,)}")
        places, similarities = self._best(query, k, self._chosen(label))
        rows = self._index.rows.take(places).to_pylist()
        return [
            Match(row["path"], row["label"], row["score"], row["unknown"], float(similarity), place)
            for row, similarity, place in zip(rows, similarities, places.tolist(), strict=True)
        ]

    def _chosen(self, label: str | None) -> NDArray[np.bool_] | None:
        if label is None:
            return None
        if label not in self._index.names:
            names = first_few([repr(name) for name in sorted(self._index.names)], 10)
            raise DataError(f"label {short(label)}: no picture of the run has it; expected one of {names}")
        return np.asarray(self._index.labels == self._index.names.index(label))

    def _best(
        self, query: NDArray[np.float32], k: int, chosen: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        shadow = query @ self._index.basis
        most = _highest(self._index.coarse, query, shadow)
        if chosen is not None:
            most[~chosen] = -np.inf
        # The most promising ones first: what they reach rules nearly all others out.
        head = np.argpartition(most, -min(len(most), max(_PROMISING, 4 * k)))[-max(_PROMISING, 4 * k) :]
        head = head[most[head] > -np.inf]
        finer = self._finer(head, query, shadow)
        head = head[np.argsort(-finer, kind="stable")[: max(_FIRST, 2 * k)]]
        places, found = _kept(head, self._exact(head, query), k)
        most[head] = -np.inf
        left = np.flatnonzero(most >= found[-1])
        finer = self._finer(left, query, shadow)
        order = np.argsort(-finer, kind="stable")
        left, finer = left[order], finer[order]
        for start in range(0, len(left), _BLOCK):
            if finer[start] < found[-1]:
                break
            block = left[start : start + _BLOCK][finer[start : start + _BLOCK] >= found[-1]]
            both = np.concatenate([found, self._exact(block, query)])
            places, found = _kept(np.concatenate([places, block]), both, k)
        return places, found

    def _finer(
        self, places: NDArray[np.intp], query: NDArray[np.float32], shadow: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The highest similarities that the sketches at these places allow."""
        found = np.empty(len(places), np.float32)
        for start in range(0, len(places), _SKETCHES):
            some = slice(start, start + _SKETCHES)
            found[some] = _highest(self._index.sketch.take(places[some]), query, shadow)
        return found

    def _exact(self, places: NDArray[np.intp], query: NDArray[np.float32]) -> NDArray[np.float32]:
        # In the order of the file, so that the disk is read once from front to back.
        order = np.argsort(places)
        similar = np.empty(len(places), np.float32)
        similar[order] = self._index.embeddings.take(places[order]) @ query
        return np.round(similar, 6)

    def _loaded(self) -> Classifier:
        manifest = known_manifest(self._out)
        kept = manifest.model
        file = kept.file if self._model is None else absolute(self._model)
        choice = ModelChoice(file, kept.labels, kept.fit, kept.normalise, kept.output, kept.multi_label)
        try:
            classifier, model_id = choice.load()
        except ModelError as error:
            raise ModelError(f"{error}; --model says where the run's model is now") from error
        if model_id != manifest.model_id:
            raise ModelError(f"{file}: not the model that {self._out} was made with; --model says where that one is")
        return classifier


def _highest(
    sketches: NDArray[np.float32], query: NDArray[np.float32], shadow: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The highest similarity with ``query`` that each sketch allows, of as many directions as it has."""
    directions = shadow[: sketches.shape[1] - 1]
    rest = np.sqrt(max(0.0, float(query @ query - directions @ directions)) + 1e-6)
    return sketches @ np.append(directions, rest).astype(np.float32) + _ROUNDING


def _kept(
    places: NDArray[np.intp], similar: NDArray[np.float32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The ``k`` best, equals in the order of the run."""
    order = np.lexsort((places, -similar))[:k]
    return places[order], similar[order]
