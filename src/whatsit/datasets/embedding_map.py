"""A two-dimensional map on which pictures that look alike lie together."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError, ModelError
from whatsit.files import beneath, read_bounded, write_file
from whatsit.heads.linear import npy_bytes, read_npy
from whatsit.heads.unknown import normalised
from whatsit.plugins import EXTRAS

_COMPONENTS = 50
_FEWEST = 8
_MAX_BYTES = 2**28


def embedding_map(
    embeddings: NDArray[np.float32], hashes: Sequence[str], folder: Path | None = None
) -> NDArray[np.float32]:
    """Positions of pictures on the map, shape (pictures, 2), 0..1; the same pictures always give the same map.

    Barnes-Hut t-SNE (van der Maaten 2014) of 50 principal components of the L2-normalised embeddings. It takes seconds
    for hundreds of pictures and a minute or two for ten thousand: do not call it in a thread that answers requests.

    Args:
        embeddings: raw, shape (pictures, dim).
        hashes: the SHA-256 of each picture; their order does not change the map.
        folder: where maps are cached; None: nowhere.

    Raises:
        DataError: the map cannot be written; the disk is full.
    """
    order = _order(hashes)
    path = map_path(embeddings, hashes, folder) if folder is not None else None
    places = _kept(path, len(hashes))
    if places is None:
        places = _scaled(_tsne(normalised(embeddings[order].astype(np.float32))))
        if path is not None:
            beneath.make_folder(path.parent)
            write_file(path, npy_bytes(places))
    result = np.empty_like(places)
    result[order] = places
    return result


def map_path(embeddings: NDArray[np.float32], hashes: Sequence[str], folder: Path) -> Path:
    """Where ``embedding_map`` caches this map: a ``.npy`` file of the positions, in the order of the hashes."""
    content = embeddings[_order(hashes)].astype(np.float32)
    digest = hashlib.sha256(b"map 1" + "".join(sorted(hashes)).encode() + content.tobytes()).hexdigest()
    return folder / f"{digest[:32]}.npy"


def _order(hashes: Sequence[str]) -> NDArray[np.intp]:
    return np.argsort(np.asarray(hashes, dtype=str), kind="stable") if len(hashes) else np.zeros(0, np.intp)


def _kept(path: Path | None, count: int) -> NDArray[np.float32] | None:
    if path is None or not path.is_file():
        return None
    try:
        places = read_npy(read_bounded(path, _MAX_BYTES, "a map"), str(path))
    except (ModelError, DataError):
        return None
    return places if places.shape == (count, 2) else None


def _tsne(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    with EXTRAS["teach"].imports("the map of the pictures"):
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

    parts = _principal_components(unit)
    if len(unit) < _FEWEST:
        return parts[:, :2]
    method = TSNE(
        perplexity=min(30.0, (len(unit) - 1) / 3),
        init=np.ascontiguousarray(parts[:, :2] / (parts[:, 0].std() + 1e-9) * 1e-4),
        learning_rate="auto",
        random_state=0,
    )
    # With few points the steps are too short for threads: they would mostly wait for each other.
    with threadpool_limits(1 if len(unit) < 2000 else None):
        return np.asarray(method.fit_transform(parts), np.float32)


def _principal_components(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    result = np.zeros((len(unit), _COMPONENTS), np.float32)
    if len(unit) < 2:
        return result
    centred = unit - unit.mean(0)
    values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    count = min(_COMPONENTS, vectors.shape[1])
    main = vectors[:, np.argsort(values)[::-1][:count]]
    # The sign of an eigenvector is arbitrary; with its largest entry positive, maps are comparable.
    main *= np.sign(main[np.abs(main).argmax(0), np.arange(count)])
    result[:, :count] = centred @ main.astype(np.float32)
    return result


def _scaled(places: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(places):
        return np.zeros((0, 2), np.float32)
    low, high = places.min(0), places.max(0)
    return np.asarray((places - low) / np.maximum(high - low, 1e-9), np.float32)
