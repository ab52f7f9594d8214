"""Heads as data: a head is one matrix whichever learner fitted it, the class means for distances are another."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.heads.unknown import means, normalised, unit_means

Embeddings = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """max(0, weights @ x + bias): ``weights`` has shape (units, dim), ``bias`` (units,), both float32."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    FILE = "hidden.npy"

    def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape (pictures, dim) to (pictures, units)."""
        return np.asarray(np.maximum(x @ self.weights.T + self.bias, 0), np.float32)

    def to_bytes(self) -> bytes:
        """A ``.npy`` file of shape (units, dim + 1): the weights, the bias in the last column."""
        return npy_bytes(np.concatenate([self.weights, self.bias[:, np.newaxis]], axis=1))

    @classmethod
    def from_file(cls, files: Mapping[str, bytes], name: str) -> "HiddenLayer":
        """From the files inside a model.

        Raises:
            ModelError: missing, not an array, or of the wrong shape.
        """
        table = _read_table(files, cls.FILE, None, name)
        return cls(table[:, :-1].copy(), table[:, -1].copy())


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Class scores from an embedding: softmax(weights @ embedding + bias).

    ``weights`` has shape (classes, dim), ``bias`` (classes,), both float32. With ``normalise`` the embedding is first
    divided by its Euclidean length. With ``hidden`` it passes through a ReLU layer first, and ``weights`` has shape
    (classes, hidden units).
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    labels: tuple[str, ...]
    normalise: bool = True
    hidden: HiddenLayer | None = None

    def logits(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Shape (pictures, dim) to (pictures, classes)."""
        prepared = normalised(embeddings) if self.normalise else embeddings
        if self.hidden is not None:
            prepared = self.hidden.outputs(prepared)
        return np.asarray(prepared @ self.weights.T + self.bias, np.float32)

    def scores(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """Shape (pictures, dim) to (pictures, classes); rows sum to 1."""
        logits = self.logits(embeddings)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)

    FILE = "head.npy"

    def to_bytes(self) -> bytes:
        """A ``.npy`` file of shape (classes, dim + 1): the weights, the bias in the last column."""
        return npy_bytes(np.concatenate([self.weights, self.bias[:, np.newaxis]], axis=1))

    @classmethod
    def from_file(cls, files: Mapping[str, bytes], labels: tuple[str, ...], normalise: bool, name: str) -> "LinearHead":
        """From the files inside a model.

        Raises:
            ModelError: missing, not an array, or of the wrong shape.
        """
        table = _read_table(files, cls.FILE, len(labels), name)
        hidden = HiddenLayer.from_file(files, name) if HiddenLayer.FILE in files else None
        return cls(table[:, :-1].copy(), table[:, -1].copy(), labels, normalise, hidden)


@dataclass(frozen=True, eq=False)
class Prototypes:
    """Each class's mean L2-normalised embedding, shape (classes, dim): distances for *unknown* are to these."""

    means: NDArray[np.float32]
    labels: tuple[str, ...]

    FILE = "prototypes.npy"

    @property
    def dim(self) -> int:
        """Floats in one embedding."""
        return int(self.means.shape[1])

    def distances(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Euclidean distance of one raw embedding, shape (dim,), to every class after L2-normalising; 0..2."""
        return np.asarray(np.linalg.norm(self.means - normalised(embedding[np.newaxis]), axis=1), np.float32)

    def to_bytes(self) -> bytes:
        """A ``.npy`` file of float16, exact to a thousandth of each value."""
        return npy_bytes(self.means.astype(np.float16))

    @classmethod
    def from_file(cls, files: Mapping[str, bytes], labels: tuple[str, ...], name: str) -> "Prototypes":
        """From the files inside a model.

        Raises:
            ModelError: missing, not an array, or of the wrong shape.
        """
        return cls(_read_table(files, cls.FILE, len(labels), name), labels)


def prototypes(embeddings: Embeddings, targets: Sequence[str]) -> Prototypes:
    """The mean of each class's L2-normalised embeddings, classes in alphabetical order."""
    labels = tuple(sorted(set(targets)))
    classes = np.searchsorted(labels, np.asarray(targets))
    return Prototypes(unit_means(embeddings, classes, len(labels)).astype(np.float32), labels)


def class_means(embeddings: Embeddings, targets: Sequence[str], labels: Sequence[str]) -> Embeddings:
    """The mean of the embeddings, shape (pictures, dim), of each of the sorted ``labels``: shape (labels, dim)."""
    classes = np.searchsorted(labels, np.asarray(targets))
    return means(embeddings, classes, len(labels)).astype(np.float32)


def _read_table(files: Mapping[str, bytes], file: str, rows: int | None, name: str) -> NDArray[np.float32]:
    if file not in files:
        raise ModelError(f"{name}: {file} is missing inside the model; export it again")
    table = read_npy(files[file], f"{file} in {name}")
    if table.ndim != 2 or (rows is not None and len(table) != rows) or table.shape[1] < 2:
        raise ModelError(f"{name}: {file} has shape {table.shape} for {rows} classes")
    return table


def npy_bytes(array: NDArray[np.generic]) -> bytes:
    """An array as a ``.npy`` file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def read_npy(content: bytes, name: str) -> NDArray[np.float32]:
    """A finite float array from a ``.npy`` file, never a pickle.

    Raises:
        ModelError: anything else.
    """
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError, TypeError, SyntaxError, MemoryError) as error:
        raise ModelError(f"{name}: not an array of numbers ({error})") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ModelError(f"{name}: expected an array of finite numbers")
    return array.astype(np.float32)
