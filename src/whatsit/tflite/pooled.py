"""The feature maps behind an embedding: where each of its numbers was averaged from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.tflite.flatbuffer import constant
from whatsit.tflite.operators import operator_name

_PASSED = ("RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE")
_POOLING = ("MEAN", "AVERAGE_POOL_2D")
_MOST_STEPS = 1000
"""Operators followed back at most: a graph from elsewhere can be of any shape."""


@dataclass(frozen=True, slots=True)
class PooledMap:
    """A feature map whose mean over rows and columns, times ``gain``, is a run of an embedding's numbers."""

    tensor: int
    """The map's index in the graph, of shape (1, rows, columns, channels)."""
    features: slice
    """The numbers of the embedding that it gives, one a channel."""
    gain: float
    top: int
    """The first row of the whole map that it covers."""
    rows: int
    """Of the whole map."""


def pooled_maps(model: Any, embedding: int) -> tuple[PooledMap, ...] | None:
    """The maps that tensor ``embedding`` of a parsed model is the means of, in its order.

    Followed back through concatenations, multiplications by one number, and slices of rows.

    Returns:
        None where the embedding is made in another way, so that no map shows where it comes from.
    """
    subgraph = model.subgraphs[0]
    writers = {int(output): operator for operator in subgraph.operators for output in operator.outputs}
    found: list[PooledMap] = []
    waiting, start = [(embedding, 1.0)], 0
    for _ in range(_MOST_STEPS):
        if not waiting:
            return tuple(found)
        tensor, gain = waiting.pop()
        operator = writers.get(tensor)
        before = None if operator is None else _before(model, operator)
        if before is not None:
            waiting += [(part, gain * before.factor) for part in reversed(before.tensors)]
            continue
        pooled = None if operator is None else _pooled(model, operator, writers, start, gain)
        if pooled is None:
            return None
        found.append(pooled)
        start = pooled.features.stop
    return None


@dataclass(frozen=True, slots=True)
class _Before:
    """What an operator only joins, reshapes or scales."""

    tensors: tuple[int, ...]
    factor: float = 1.0


def _before(model: Any, operator: Any) -> _Before | None:
    kind = operator_name(model, operator)
    if kind == "CONCATENATION":
        return _Before(tuple(map(int, operator.inputs)))
    if kind in _PASSED:
        return _Before((int(operator.inputs[0]),))
    if kind == "MUL":
        factor = _real(model, int(operator.inputs[1]))
        if factor is not None and factor.size == 1:
            return _Before((int(operator.inputs[0]),), factor.item())
    return None


def _pooled(model: Any, operator: Any, writers: dict[int, Any], start: int, gain: float) -> PooledMap | None:
    tensors = model.subgraphs[0].tensors
    source = int(operator.inputs[0])
    shape = [int(side) for side in tensors[source].shape]
    means = int(np.prod(tensors[int(operator.outputs[0])].shape))
    if operator_name(model, operator) not in _POOLING or len(shape) != 4 or means != shape[3]:
        return None
    top, rows = _rows_of(model, writers.get(source), shape[1])
    return PooledMap(source, slice(start, start + shape[3]), gain, top, rows)


def evidence_map(
    maps: Sequence[PooledMap], values: Sequence[NDArray[np.float32]], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """How much each place of the feature maps adds to ``weights @ embedding``: the sum over all places is that.

    The class activation map of Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", over every
    map that the embedding is made of.

    Args:
        values: of the maps, each of shape (rows, columns, channels).
        weights: one a number of the embedding, shape (dim,).

    Returns:
        Shape (rows, columns) of the finest map.
    """
    height = max(one.rows for one in maps)
    width = max(value.shape[1] for value in values)
    total = np.zeros((height, width), np.float32)
    for one, value in zip(maps, values, strict=True):
        each = value @ weights[one.features] * np.float32(one.gain / (value.shape[0] * value.shape[1]))
        whole = np.zeros((one.rows, value.shape[1]), np.float32)
        whole[one.top : one.top + value.shape[0]] = each
        total += _spread(whole, height, width)
    return total


def _spread(coarse: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """The same sum on a finer grid: each cell is shared out evenly among those it covers."""
    rows = np.arange(height) * coarse.shape[0] // height
    columns = np.arange(width) * coarse.shape[1] // width
    shares = np.bincount(rows)[rows][:, np.newaxis] * np.bincount(columns)[columns]
    return np.asarray(coarse[np.ix_(rows, columns)] / shares, np.float32)


def _rows_of(model: Any, operator: Any, rows: int) -> tuple[int, int]:
    """The first row and the number of rows of the map that a slice was taken from; of no slice, the map itself."""
    if operator is None or operator_name(model, operator) != "SLICE":
        return 0, rows
    tensors = model.subgraphs[0].tensors
    begin = constant(model, tensors[int(operator.inputs[1])])
    return (0, rows) if begin is None else (int(begin[1]), int(tensors[int(operator.inputs[0])].shape[1]))


def _real(model: Any, index: int) -> NDArray[np.float32] | None:
    """A constant's real values; None where the graph computes it."""
    tensor = model.subgraphs[0].tensors[index]
    stored = constant(model, tensor)
    if stored is None:
        return None
    quantised = tensor.quantization
    if stored.dtype == np.float32 or quantised is None or quantised.scale is None or len(quantised.scale) == 0:
        return np.asarray(stored, np.float32)
    scale = np.asarray(quantised.scale, np.float32)
    zero = np.asarray([0] if quantised.zeroPoint is None else quantised.zeroPoint, np.float32)
    along = [1] * stored.ndim
    if len(scale) > 1:
        along[int(quantised.quantizedDimension)] = len(scale)
    centred = stored.astype(np.float32) - (zero.reshape(along) if len(zero) > 1 else zero)
    return np.asarray(centred * scale.reshape(along), np.float32)


def last_layer(model: Any, embedding: int) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """The real weights, shape (classes, dim), and bias, shape (classes,), of the layer that takes tensor ``embedding``.

    Returns:
        None where no layer with constant weights does.
    """
    for operator in model.subgraphs[0].operators:
        if operator_name(model, operator) in ("FULLY_CONNECTED", "CONV_2D") and int(operator.inputs[0]) == embedding:
            weights = _real(model, int(operator.inputs[1]))
            if weights is None:
                return None
            table = weights.reshape(weights.shape[0], -1)
            bias = (
                _real(model, int(operator.inputs[2])) if len(operator.inputs) > 2 and operator.inputs[2] >= 0 else None
            )
            return table, np.zeros(len(table), np.float32) if bias is None else bias
    return None
