"""The dataset's readable pictures by their contents, embedded."""

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.parallel import Progress


def readable(dataset: Dataset) -> list[Picture]:
    """The pictures that can be read, copies of one content included."""
    return [picture for picture in dataset.pictures() if not picture.error]


def embedded_contents(
    dataset: Dataset, embedder: Embedder, progress: Progress
) -> tuple[list[str], NDArray[np.float32]]:
    """The SHA-256 of each content once, and the raw embeddings in the same order, shape (contents, dim)."""
    by_hash = {picture.hash: picture.path for picture in readable(dataset)}
    cache = EmbeddingCache(dataset.embeddings_folder, embedder)
    return list(by_hash), cache.embed([Embeddable(hash_, path) for hash_, path in by_hash.items()], progress)
