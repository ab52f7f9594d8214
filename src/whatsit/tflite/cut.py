"""Cutting a classifier's top off, so that what is left ends in the embedding."""

from typing import Any

import numpy as np

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import constant, read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.merge import embedding_index
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema

_SHAPE_ONLY = ("RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE", "SOFTMAX", "LOGISTIC", "LOG_SOFTMAX")


def cut_top(content: bytes, name: str = "model") -> bytes:
    """The backbone of a classifier: everything up to the tensor that feeds its last FULLY_CONNECTED or 1x1 CONV_2D.

    A model without such a layer at its end is a backbone already and comes back unchanged. Operators, tensors,
    buffers and metadata that nothing uses any more are dropped.

    Args:
        content: the ``.tflite`` file.
        name: what to call the model in errors.

    Raises:
        ModelError: broken, or no single graph with one input.
    """
    model = read_model(content, name)
    subgraph = model.subgraphs[0]
    if len(model.subgraphs) != 1 or len(subgraph.inputs) != 1 or len(subgraph.outputs) == 0:
        raise ModelError(f"{name}: expected one graph with one input; this has {len(model.subgraphs)} graphs")
    embedding = embedding_tensor(model)
    if embedding == int(subgraph.outputs[0]):
        return content
    return keep_until(model, embedding)


def embedding_tensor(model: Any) -> int:
    """The index of the tensor that feeds the last layer with weights, or of the output where there is no such layer."""
    subgraph = model.subgraphs[0]
    writers = {int(output): operator for operator in subgraph.operators for output in operator.outputs}
    output = tensor = int(subgraph.outputs[0])
    while (operator := writers.get(tensor)) is not None and len(operator.inputs):
        kind = operator_name(model, operator)
        if kind in _SHAPE_ONLY:
            tensor = int(operator.inputs[0])
            continue
        return int(operator.inputs[0]) if _is_last_layer(model, operator, kind) else output
    return output


def keep_until(model: Any, tensor: int) -> bytes:
    """The ``.tflite`` of the part of the graph that computes ``tensor``, which becomes its only output."""
    subgraph = model.subgraphs[0]
    needed, operators = {tensor, *map(int, subgraph.inputs)}, []
    for operator in reversed(subgraph.operators):
        if needed.intersection(map(int, operator.outputs)):
            operators.append(operator)
            needed.update(int(index) for index in operator.inputs if index >= 0)
            needed.update(map(int, operator.outputs))
    subgraph.operators = operators[::-1]
    inputs = [int(index) for index in subgraph.inputs]
    new = _drop_unused(model, needed)
    # Metadata describes the outputs that were removed; labels of another task in a backbone would mislead.
    model.metadata, model.metadataBuffer = [], None
    _drop_unused_buffers(model)
    return write_model(Graph(model).finish([new[index] for index in inputs], [new[tensor]]))


def embedder(content: bytes, tensor: str, name: str = "model") -> bytes:
    """The part of a model that computes the tensor called ``tensor``, with that as its only output, in float32.

    Raises:
        ModelError: the model is broken, or has no such tensor.
    """
    model = read_model(content, name)
    part = read_model(keep_until(model, embedding_index(model, tensor)), name)
    subgraph = part.subgraphs[0]
    inputs, (output,) = [int(index) for index in subgraph.inputs], [int(index) for index in subgraph.outputs]
    graph = Graph(part)
    if subgraph.tensors[output].type != schema.TensorType.FLOAT32:
        output = graph.operator("DEQUANTIZE", [output], graph.tensor("embedding_float32", graph.shape(output)))
    return write_model(graph.finish(inputs, [output]))


def _is_last_layer(model: Any, operator: Any, kind: str) -> bool:
    tensors = model.subgraphs[0].tensors
    weights = tensors[int(operator.inputs[1])] if len(operator.inputs) > 1 else None
    if kind == "FULLY_CONNECTED":
        return weights is not None
    if kind != "CONV_2D" or weights is None:
        return False
    kernel, output = list(weights.shape), list(tensors[int(operator.outputs[0])].shape)
    return kernel[1:3] == [1, 1] and output[1:3] == [1, 1] and constant(model, weights) is not None


def _drop_unused(model: Any, needed: set[int]) -> dict[int, int]:
    subgraph = model.subgraphs[0]
    new = {old: index for index, old in enumerate(sorted(needed))}
    subgraph.tensors = [subgraph.tensors[old] for old in sorted(needed)]
    for operator in subgraph.operators:
        operator.inputs = np.array([new[int(i)] if i >= 0 else -1 for i in operator.inputs], np.int32)
        operator.outputs = np.array([new[int(i)] for i in operator.outputs], np.int32)
    used = sorted({operator.opcodeIndex for operator in subgraph.operators})
    codes = {old: index for index, old in enumerate(used)}
    model.operatorCodes = [model.operatorCodes[old] for old in used]
    for operator in subgraph.operators:
        operator.opcodeIndex = codes[operator.opcodeIndex]
    return new


def _drop_unused_buffers(model: Any) -> None:
    tensors = model.subgraphs[0].tensors
    used = sorted({0, *(tensor.buffer for tensor in tensors)})
    new = {old: index for index, old in enumerate(used)}
    model.buffers = [model.buffers[old] for old in used]
    for tensor in tensors:
        tensor.buffer = new[tensor.buffer]
