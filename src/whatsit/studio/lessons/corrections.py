"""The corrected pictures of a project while its studio runs: made, followed after every edit, ready to be compared."""

import hashlib
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.cache import Embeddable
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.correction import Corrected, correct, corrections
from whatsit.datasets.dataset import Dataset
from whatsit.heads.exemplars import NOTHING, Exemplars
from whatsit.imaging.image import ImageLike
from whatsit.studio.lessons.embeddings import Embeddings

MOST = 200
"""The latest corrections that are compared; all of them are in the next model."""


class Corrections:
    """Follows the dataset: what is undone, renamed or deleted there, on any page or by hand, counts from then on.

    Methods may be called from several threads.
    """

    def __init__(self, dataset: Dataset, embedder: Embedder, embeddings: Embeddings) -> None:
        self._dataset = dataset
        self._embedder = embedder
        self._embeddings = embeddings
        self._listeners: list[Callable[[], None]] = []
        self.pictures: tuple[Corrected, ...] = ()
        """The latest, oldest first."""
        self.exemplars: Exemplars = NOTHING
        """The same, for what is taught on the studio's backbone."""
        self._follow()
        dataset.listen(self._follow)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change of the corrected pictures, in the thread that made it."""
        self._listeners.append(listener)

    def correct(self, content: bytes, label: str | None, *, source: str = "", time: float | None = None) -> Picture:
        """As ``datasets.correction.correct``; what listens knows of it when this returns.

        Raises:
            ImageError: not a picture that can be read.
            DataError: the label cannot be used, or the disk is full; nothing is changed.
        """
        self.embedding(hashlib.sha256(content).hexdigest(), content)  # before the dataset is held
        return correct(self._dataset, content, label, source=source, time=time)

    def recall(self, hashes: Iterable[str]) -> None:
        """Take those of these contents into memory whose embeddings are on disk."""
        self._embeddings.recall(hashes)

    def embedding(self, hash_: str, picture: ImageLike) -> NDArray[np.float32]:
        """The embedding of a picture, by its content's SHA-256; computed and kept where it is not known.

        Raises:
            ImageError: it cannot be read.
        """
        known = self._embeddings.picture(hash_)
        if known is None:
            known = self._embedder.embed_pixels(self._embedder.preprocess.pixels(picture))
            self._embeddings.keep({hash_: known})
        return known

    def close(self) -> None:
        """Follow no more. Closing twice is allowed."""
        self._dataset.unlisten(self._follow)

    def _follow(self) -> None:
        found = tuple(corrections(self._dataset)[-MOST:])
        if found == self.pictures:
            return
        vectors = self._embeddings.of_pictures([Embeddable(one.hash, self._dataset.root / one.key) for one in found])
        there = [one for one in found if one.hash in vectors]
        hashes = [one.hash for one in there]
        self.exemplars = Exemplars.of([vectors[one] for one in hashes], [one.label for one in there], hashes)
        self.pictures = found
        for listener in self._listeners:
            listener()
