"""The embeddings of what is taught: of pictures by their content, of features alone by their shot."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.dataset import Dataset
from whatsit.errors import DataError, ImageError
from whatsit.studio.lessons.lesson import Lesson, Shot

Vector = NDArray[np.float32]


class Embeddings:
    """Held in memory while the studio runs; those of pictures are kept in the project's embedding cache too.

    So no picture is looked at twice with one backbone, whatever is undone, deleted, moved or taught again.
    """

    def __init__(self, dataset: Dataset, embedder: Embedder) -> None:
        self._dataset = dataset
        self._embedder = embedder
        self._cache = EmbeddingCache(dataset.embeddings_folder, embedder)
        self._pictures: dict[str, Vector] = {}
        self._features: dict[int, Vector] = {}

    def picture(self, hash_: str) -> Vector | None:
        """The embedding of a picture's content, where it is known in this run."""
        return self._pictures.get(hash_)

    def keep(self, pictures: Mapping[str, Vector]) -> None:
        """Embeddings just made, by their picture's content."""
        new = {hash_: vector for hash_, vector in pictures.items() if hash_ not in self._pictures}
        self._pictures.update(new)
        self._cache.keep(list(new.items()))

    def recall(self, hashes: Iterable[str]) -> None:
        """Take those of these contents into memory that the cache has."""
        wanted = {hash_ for hash_ in hashes if hash_ not in self._pictures}
        if wanted:
            with contextlib.suppress(DataError):
                self._pictures.update(self._cache.known(wanted))

    def put_features(self, features: Mapping[int, Vector]) -> None:
        """Features without a picture, by their shot."""
        self._features.update(features)

    def of(self, lesson: Lesson) -> dict[int, Vector]:
        """The embedding of every shot of a lesson that ``known`` was asked for."""
        return {shot.id: self._pictures[shot.hash] if shot.hash else self._features[shot.id] for shot in lesson.shots}

    def known(self, lesson: Lesson) -> Lesson:
        """The lesson without shots that have no embedding: of unreadable pictures, or of another backbone."""
        shots = {shot.hash: shot for shot in lesson.shots if shot.hash and shot.hash not in self._pictures}
        self.of_pictures([Embeddable(hash_, self._dataset.root / shot.key) for hash_, shot in shots.items()])
        return lesson.without([shot for shot in lesson.shots if not self._has(shot)])

    def of_pictures(self, pictures: Sequence[Embeddable]) -> dict[str, Vector]:
        """The embeddings of pictures by their content, without those that cannot be read."""
        missing = {picture.hash: picture for picture in pictures if picture.hash not in self._pictures}
        if missing:
            try:
                self._pictures.update(zip(missing, self._cache.embed([*missing.values()]), strict=True))
            except (ImageError, DataError):  # one of them damaged since the index saw it, or the cache's file
                self._look_at(missing.values())
        hashes = (picture.hash for picture in pictures)
        return {hash_: self._pictures[hash_] for hash_ in hashes if hash_ in self._pictures}

    def _look_at(self, pictures: Iterable[Embeddable]) -> None:
        for picture in pictures:
            with contextlib.suppress(ImageError):
                pixels = self._embedder.preprocess.pixels(picture.path)
                self._pictures[picture.hash] = self._embedder.embed_pixels(pixels)

    def _has(self, shot: Shot) -> bool:
        return shot.hash in self._pictures if shot.hash else shot.id in self._features
