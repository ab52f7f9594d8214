"""Checks of a parsed model. LiteRT trusts its files: on some broken ones it reads outside them or crashes."""

from typing import Any

import numpy as np

from whatsit.tflite.operators import check_operator, operator_name
from whatsit.tflite.schema import names_by_value, schema

_ITEM_SIZES = {
    "FLOAT32": 4,
    "FLOAT16": 2,
    "INT32": 4,
    "UINT8": 1,
    "INT64": 8,
    "BOOL": 1,
    "INT16": 2,
    "INT8": 1,
}
_STORED_RANGES = {
    schema.TensorType.INT8: (-128, 127),
    schema.TensorType.UINT8: (0, 255),
    schema.TensorType.INT16: (-32_768, 32_767),
}


def check(model: Any) -> None:
    """Every index points at something, every constant has its shape's length, every operator its inputs and scales.

    Raises:
        ValueError: telling what does not.
    """
    if not model.subgraphs or not model.buffers:
        raise ValueError("no graph inside")
    codes = len(model.operatorCodes or [])
    for graph in model.subgraphs:
        graph.tensors, graph.operators = graph.tensors or [], graph.operators or []
        for node in (graph, *graph.operators):  # an empty list can be written as no list
            node.inputs = node.inputs if node.inputs is not None else np.empty(0, np.int32)
            node.outputs = node.outputs if node.outputs is not None else np.empty(0, np.int32)
        tensors = graph.tensors
        for tensor in tensors:
            _check_tensor(tensor, model.buffers)
        _check_indices(graph.inputs, len(tensors), 0)
        _check_indices(graph.outputs, len(tensors), 0)
        for operator in graph.operators:
            if not 0 <= operator.opcodeIndex < codes:
                raise ValueError(f"operator code {operator.opcodeIndex} of {codes}")
            _check_indices(operator.inputs, len(tensors), -1)
            _check_indices(operator.outputs, len(tensors), 0)
            inputs, outputs = [int(i) for i in operator.inputs], [int(i) for i in operator.outputs]
            ranks = [_rank(tensors[index]) if index >= 0 else 0 for index in inputs]
            check_operator(operator_name(model, operator), inputs, outputs, ranks)
        _check_writers(graph, model.buffers)
        _check_order(graph)
        _check_scales(graph)
    for entry in model.metadata or []:
        _check_indices([entry.buffer], len(model.buffers), 0)


def tensor_bytes(tensor: Any) -> int | None:
    """The bytes that a tensor's values take; None for a type without a fixed size, such as strings."""
    size = _ITEM_SIZES.get(_type_name(tensor.type))
    shape = tensor.shape if tensor.shape is not None else ()
    return None if size is None else size * int(np.prod(shape, dtype=np.int64))


def _rank(tensor: Any) -> int:
    return len(tensor.shape) if tensor.shape is not None else 0


def _check_writers(graph: Any, buffers: list[Any]) -> None:
    """A tensor has one source: the caller, a constant or one operator. Two writers corrupt the arena, or loop."""
    sources = {int(index) for index in graph.inputs}
    if len(sources) != len(graph.inputs):
        raise ValueError("an input is listed twice")
    if not len(graph.outputs):
        raise ValueError("no outputs")
    for number, operator in enumerate(graph.operators):
        for index in map(int, operator.outputs):
            data = buffers[graph.tensors[index].buffer].data
            if index in sources or (data is not None and len(data)):
                raise ValueError(f"operator {number} writes tensor {index}, which has its value already")
            sources.add(index)
    for index in map(int, graph.outputs):
        shape = graph.tensors[index].shape
        if shape is not None and 0 in list(shape):
            raise ValueError(f"output {index} is empty: shape {[int(side) for side in shape]}")


def _check_order(graph: Any) -> None:
    """Every operator comes after those whose results it takes, so that following the graph ends."""
    unwritten = {int(index) for operator in graph.operators for index in operator.outputs}
    for number, operator in enumerate(graph.operators):
        for index in operator.inputs:
            if int(index) in unwritten:
                raise ValueError(f"operator {number} takes tensor {index} before it is computed")
        unwritten.difference_update(map(int, operator.outputs))


def _check_indices(indices: Any, count: int, least: int) -> None:
    for index in indices if indices is not None else []:
        if not least <= index < count:
            raise ValueError(f"tensor {index} of {count}")


def _check_tensor(tensor: Any, buffers: list[Any]) -> None:
    if not 0 <= tensor.buffer < len(buffers):
        raise ValueError(f"buffer {tensor.buffer} of {len(buffers)}")
    shape = [int(side) for side in tensor.shape] if tensor.shape is not None else []
    if any(side < 0 for side in shape) or len(shape) > 8:
        raise ValueError(f"shape {shape}")
    _check_quantisation(tensor, shape)
    data = buffers[tensor.buffer].data
    wanted = tensor_bytes(tensor)
    if data is None or wanted is None or tensor.sparsity is not None:
        return
    if len(data) not in (0, wanted):
        raise ValueError(f"a constant of shape {shape} has {len(data)} bytes instead of {wanted}")


def _check_quantisation(tensor: Any, shape: list[int]) -> None:
    quantisation = tensor.quantization
    if quantisation is None or quantisation.scale is None or not len(quantisation.scale):
        return
    scales = np.asarray(quantisation.scale)
    zeros = np.asarray(quantisation.zeroPoint) if quantisation.zeroPoint is not None else np.zeros(0, np.int64)
    if len(scales) > 1 and not (
        0 <= quantisation.quantizedDimension < len(shape) and shape[quantisation.quantizedDimension] == len(scales)
    ):
        raise ValueError(f"{len(scales)} scales for shape {shape}")
    if len(zeros) not in (0, 1, len(scales)):
        raise ValueError(f"{len(zeros)} zero points beside {len(scales)} scales")
    low, high = _STORED_RANGES.get(tensor.type, (-(2**31), 2**31 - 1))
    if not (np.isfinite(scales).all() and (scales >= 0).all() and (zeros >= low).all() and (zeros <= high).all()):
        raise ValueError(f"scales {scales.min()} to {scales.max()} or zero points outside {low} to {high}")


def _check_scales(graph: Any) -> None:
    """Either all or none of an operator's 8-bit tensors have a scale: kernels divide by it."""
    for number, operator in enumerate(graph.operators):
        with_scale = {
            _has_scale(tensor)
            for tensor in (graph.tensors[index] for index in (*operator.inputs, *operator.outputs) if index >= 0)
            if tensor.type in (schema.TensorType.INT8, schema.TensorType.UINT8)
        }
        if len(with_scale) > 1:
            raise ValueError(f"operator {number} has 8-bit tensors with a scale and without")


def _has_scale(tensor: Any) -> bool:
    scale = tensor.quantization.scale if tensor.quantization is not None else None
    return scale is not None and len(scale) > 0 and bool(np.all(np.asarray(scale) > 0))


_TYPE_NAMES = names_by_value(schema.TensorType)


def _type_name(kind: int) -> str:
    return _TYPE_NAMES.get(kind, f"type {kind}")
