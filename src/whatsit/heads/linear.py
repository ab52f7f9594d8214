"""Heads as data: whoever learnt it, a head is one matrix, and the distance to the classes is another."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError, ModelError
from whatsit.heads.unknown import NOISE, means, normalised, squared_distances
from whatsit.validation import unknown_rate as checked_rate

Embeddings = NDArray[np.float32]

_REGULARISATION = 0.01
_SOFTENING = 0.01
_TEMPERATURE = 32.0


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
    divided by its Euclidean length; with ``hidden`` it passes a layer with ReLU before ``weights``, whose shape is then
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
    """Each class's mean L2-normalised embedding, shape (classes, dim): what *unknown* is measured against."""

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
    return Prototypes(_class_means(normalised(embeddings), targets, labels), labels)


def nearest_centroid(embeddings: Embeddings, targets: Sequence[str], *, normalise: bool = True) -> LinearHead:
    """A head whose best class is the one with the nearest mean (Euclidean; on L2-normalised embeddings by default).

    -|x - c|^2 = 2 c·x - |c|^2 - |x|^2, and |x|^2 is the same for every class, so the nearest mean is a linear head
    (Snell et al., "Prototypical Networks for Few-shot Learning", 2017, section 2.4).
    """
    prepared = normalised(embeddings) if normalise else embeddings
    labels = tuple(sorted(set(targets)))
    centres = _class_means(prepared, targets, labels)
    # The temperature only spreads the scores; on raw embeddings lengths set it.
    heat = _TEMPERATURE if normalise else _TEMPERATURE / max(float((centres**2).sum(axis=1).mean()), 1e-12)
    weights, bias = 2 * heat * centres, -heat * (centres**2).sum(axis=1)
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32), labels, normalise)


def logistic_regression(embeddings: Embeddings, targets: Sequence[str], *, normalise: bool = False) -> LinearHead:
    """Multinomial logistic regression (scikit-learn's, L2 penalty) on standardised embeddings.

    Standardising lets faint but telling features count; it folds into the matrix, so the head stays linear. Not
    normalising is as accurate and saves an operator whose int8 form keeps few levels.

    Raises:
        DataError: fewer than two classes.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    labels = tuple(sorted(set(targets)))
    if len(labels) < 2:
        raise DataError(f"{len(labels)} class: a classifier needs at least 2; add pictures of something else")
    prepared = normalised(embeddings) if normalise else embeddings
    mean = prepared.mean(axis=0)
    # Part of the typical spread is added, so that a feature that hardly moves is not blown up.
    spread = prepared.std(axis=0) + _SOFTENING * np.linalg.norm(prepared, axis=1).mean()
    fit = LogisticRegression(C=_REGULARISATION, max_iter=300, tol=1e-3)
    # The products are too small to share: BLAS threads spend ten times as long waiting for each other as computing.
    with threadpool_limits(1, "blas"):
        fit.fit((prepared - mean) / spread, np.searchsorted(labels, np.asarray(targets)))
    matrix, offset = fit.coef_, fit.intercept_
    if len(labels) == 2:  # scikit-learn keeps one row for two classes
        matrix, offset = np.concatenate([-matrix, matrix]) / 2, np.concatenate([-offset, offset]) / 2
    weights = matrix / spread
    bias = offset - weights @ mean
    return LinearHead(weights.astype(np.float32), bias.astype(np.float32), labels, normalise)


def reject_threshold(embeddings: Embeddings, targets: Sequence[str], unknown_rate: float = 0.05) -> float | None:
    """The distance beyond which a picture is *unknown*, found by leaving one taught picture out at a time.

    Each picture's distance to the nearest class mean is taken as if it had not been taught; the threshold leaves a
    share ``unknown_rate`` (0..1) of them outside, and is at least ``rejection.NOISE``. None where no class has two
    pictures.

    Raises:
        DataError: ``unknown_rate`` is not in 0..1.
    """
    checked_rate(unknown_rate)
    labels = tuple(sorted(set(targets)))
    own = np.searchsorted(labels, np.asarray(targets))
    counts = np.bincount(own)
    if not (counts > 1).any():
        return None
    unit = normalised(embeddings)
    squares = squared_distances(unit, means(unit, own, len(labels)))
    kept = counts[own] > 1
    # x to the mean of the others: x - (n m - x) / (n - 1) = n (x - m) / (n - 1)
    rows = np.arange(len(own))
    scale = np.where(kept, counts[own] / np.maximum(counts[own] - 1, 1), 1.0)
    squares[rows, own] *= scale**2
    distances = np.sqrt(squares.min(axis=1))[kept]
    return max(NOISE, float(np.quantile(distances, 1 - unknown_rate)))


def _class_means(embeddings: Embeddings, targets: Sequence[str], labels: Sequence[str]) -> Embeddings:
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
