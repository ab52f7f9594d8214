"""The pictures that are most like one picture, of the dataset or of a bulk run; their embeddings are gathered first."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict

from whatsit.backbones.builtin_id import last_layer
from whatsit.backbones.embedder import Embedder
from whatsit.bulk.search import Search
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.errors import DataError
from whatsit.heads.unknown import normalised
from whatsit.imaging.image import ImageLike
from whatsit.parallel import Progress
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.jobs.background import Background, BackgroundView
from whatsit.studio.jobs.contents import embedded_contents, readable

_AT_ONCE = 4096
"""Embeddings that are compared at a time."""


class FindView(BackgroundView):
    """How far gathering is, for the page."""

    missing: int
    """Readable pictures of the dataset that cannot be found yet."""
    answers: str
    """The name of the folder of the bulk run; empty where the studio was given none."""
    opened: bool
    """Whether that run can be searched yet."""
    labels: list[str]
    """Those of the bulk run, once it is opened."""


class AlikeView(TypedDict):
    """A picture that is like another one."""

    id: str
    """Of the dataset's picture, as in its tile's address; empty for one of a bulk run."""
    row: int
    """Of the bulk run; -1 for one of the dataset."""
    name: str
    label: str
    unknown: bool
    similarity: float
    """Cosine of the embeddings; 1: the same."""


class Likeness:
    """Embeddings by content, so that relabelling, moving and deleting pictures needs no gathering.

    Args:
        answers: the folder of a bulk run that pages may search, too.
    """

    def __init__(self, dataset: Dataset, embedder: Embedder, background: Background, answers: Path | None) -> None:
        self._dataset, self._embedder, self._background, self._answers = dataset, embedder, background, answers
        # One value, so that a search never sees the rows of one gathering and the embeddings of another.
        self._gathered: tuple[dict[str, int], NDArray[np.float16]] = {}, np.empty((0, 0), np.float16)
        self._search: Search | None = None
        self._guard = threading.Lock()  # of a search's interpreter and files

    def view(self) -> FindView:
        """How far gathering is, and what can be searched."""
        (rows, _), search = self._gathered, self._search
        return {
            **self._background.view(),
            "missing": sum(picture.hash not in rows for picture in readable(self._dataset)),
            "answers": "" if self._answers is None else self._answers.name,
            "opened": search is not None,
            "labels": [] if search is None else sorted(search.labels),
        }

    def begin(self) -> None:
        """Start gathering what is missing.

        Raises:
            DataError: it runs already.
        """
        self._background.begin(self._gather)

    def picture(self, picture_id: str, row: int) -> Path:
        """The file of a picture of the dataset by its id or, without one, of the bulk run by its row.

        Raises:
            DataError: there is no such picture.
        """
        if picture_id:
            return self._dataset.by_hash(picture_id).path
        return Path(self._opened().path(row))

    def in_dataset(self, picture: ImageLike, label: str | None, k: int) -> list[AlikeView]:
        """The ``k`` pictures of the dataset most like ``picture``, the best first.

        Raises:
            ImageError: the picture cannot be read.
            DataError: nothing is gathered yet.
        """
        rows, embeddings = self._gathered
        if not rows:
            raise DataError("the pictures were not looked at yet; do that first")
        prepared = self._embedder.preprocess.pixels(picture)
        query = _comparable(self._embedder, self._embedder.embed_pixels(prepared)[np.newaxis])[0].astype(np.float32)
        there = [one for one in readable(self._dataset) if one.hash in rows and label in (None, one.label)]
        similar = _similarities(embeddings, [rows[one.hash] for one in there], query)
        best = np.argsort(-similar, kind="stable")[:k]
        return [_of_dataset(there[at], float(similar[at])) for at in best]

    def in_answers(self, picture: ImageLike, label: str | None, k: int) -> list[AlikeView]:
        """The ``k`` pictures of the bulk run most like ``picture``, the best first.

        Raises:
            ImageError: the picture cannot be read.
            DataError: the run is not opened yet, or has no such label.
            ModelError: the run's model is not where it was.
        """
        search = self._opened()
        with self._guard:
            found = search.find(picture, k, label=label)
        return [
            {
                "id": "", "row": match.row, "name": match.path.rpartition("/")[2], "label": match.label,
                "unknown": match.unknown, "similarity": match.similarity,
            }
            for match in found
        ]  # fmt: skip

    def _opened(self) -> Search:
        if self._search is None:
            raise DataError("the bulk run is not opened yet; look at the pictures first")
        return self._search

    def _gather(self, progress: Progress) -> None:
        hashes, raw = embedded_contents(self._dataset, self._embedder, progress)
        self._gathered = {hash_: row for row, hash_ in enumerate(hashes)}, _comparable(self._embedder, raw)
        if self._answers is not None and self._search is None:
            progress(0, 0)  # making an index does not report its progress
            self._search = Search(self._answers)


def _comparable(embedder: Embedder, raw: NDArray[np.float32]) -> NDArray[np.float16]:
    """L2-normalised, of the last layer."""
    if not len(raw):
        return np.empty((0, 0), np.float16)
    return np.stack([normalised(last_layer(embedder.id, one)[np.newaxis])[0].astype(np.float16) for one in raw])


def _similarities(
    embeddings: NDArray[np.float16], rows: Sequence[int], query: NDArray[np.float32]
) -> NDArray[np.float32]:
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        found[some] = embeddings[rows[some]].astype(np.float32) @ query
    return np.round(found, 4)


def _of_dataset(picture: Picture, similarity: float) -> AlikeView:
    return {
        "id": picture.hash[:ID_DIGITS], "row": -1, "name": picture.path.name, "label": picture.label,
        "unknown": False, "similarity": similarity,
    }  # fmt: skip
