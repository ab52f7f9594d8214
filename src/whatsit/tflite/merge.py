"""A head appended to its backbone's flatbuffer, and the embedding made an output again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.schema import schema

LOGITS, SCORES, NORMALISED, HIDDEN = "head_logits", "head_scores", "head_normalised", "head_hidden"
Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights (out, in) and bias (out,)."""


def append_head(
    content: bytes,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    *,
    normalise: bool,
    hidden: Layer | None = None,
) -> bytes:
    """A classifier: the backbone, (L2_NORMALIZATION,) FULLY_CONNECTED, SOFTMAX, all float32 after the embedding.

    After a quantised backbone (cut from an int8 or uint8 model) comes a DEQUANTIZE.

    Args:
        content: a backbone whose only output is its embedding, (1, dim) or (1, 1, 1, dim).
        weights: shape (classes, dim).
        bias: shape (classes,).
        normalise: put L2_NORMALIZATION in front.
        hidden: a layer with ReLU between the embedding and ``weights``, which then has shape (classes, hidden units).

    Raises:
        ModelError: the backbone's output is not of that size.
    """
    graph = Graph(read_model(content))
    subgraph = graph.model.subgraphs[0]
    x = int(subgraph.outputs[0])
    dim = int(np.prod(graph.shape(x)))
    first = weights if hidden is None else hidden[0]
    if dim != first.shape[1]:
        raise ModelError(f"a head for {first.shape[1]} features on a backbone that gives {dim}")
    if subgraph.tensors[x].type != schema.TensorType.FLOAT32:
        real = graph.tensor("head_embedding", graph.shape(x))
        x = graph.operator("DEQUANTIZE", [x], real, table="DequantizeOptions")
    if len(graph.shape(x)) != 2:
        flat = graph.tensor("head_flat", (1, dim))
        shape = graph.constant("head_shape", np.array([1, dim], np.int32))
        x = graph.operator("RESHAPE", [x, shape], flat, table="ReshapeOptions", newShape=np.array([1, dim], np.int32))
    if normalise:
        unit = graph.tensor(NORMALISED, (1, dim))
        x = graph.operator("L2_NORMALIZATION", [x], unit, table="L2NormOptions")
    if hidden is not None:
        inputs = [x, graph.constant("head_hidden_weights", hidden[0]), graph.constant("head_hidden_bias", hidden[1])]
        relu = schema.ActivationFunctionType.RELU
        units = graph.tensor(HIDDEN, (1, len(hidden[1])))
        x = graph.operator(
            "FULLY_CONNECTED", inputs, units, table="FullyConnectedOptions", fusedActivationFunction=relu
        )
    matrix = graph.constant("head_weights", weights)
    offset = graph.constant("head_bias", bias)
    logits = graph.tensor(LOGITS, (1, len(bias)))
    graph.operator("FULLY_CONNECTED", [x, matrix, offset], logits, table="FullyConnectedOptions")
    scores = graph.tensor(SCORES, (1, len(bias)))
    graph.operator("SOFTMAX", [logits], scores, table="SoftmaxOptions", beta=1.0)
    return write_model(graph.finish([int(index) for index in subgraph.inputs], [scores]))


def with_uint8_scores(content: bytes) -> bytes:
    """The model with uint8 instead of float32 scores: score = stored / 256."""
    graph = Graph(read_model(content))
    subgraph = graph.model.subgraphs[0]
    scores = int(subgraph.outputs[0])
    rounded = graph.quantised(graph.tensor("scores", graph.shape(scores), np.uint8), 1 / 256, 0)
    graph.operator("QUANTIZE", [scores], rounded, table="QuantizeOptions")
    return write_model(graph.finish([int(index) for index in subgraph.inputs], [rounded]))


def input_name(content: bytes) -> str:
    """The name of a model's input tensor."""
    subgraph = read_model(content).subgraphs[0]
    return _name(subgraph.tensors[int(subgraph.inputs[0])])


def output_name(content: bytes) -> str:
    """The name of a model's first output tensor."""
    subgraph = read_model(content).subgraphs[0]
    return _name(subgraph.tensors[int(subgraph.outputs[0])])


def tensor_names(model: Any) -> list[str]:
    """The names of a parsed model's tensors, in their order."""
    return [_name(tensor) for tensor in model.subgraphs[0].tensors]


def _name(tensor: Any) -> str:
    return tensor.name.decode("utf-8", "replace") if isinstance(tensor.name, bytes) else str(tensor.name)


def embedding_index(model: Any, name: str) -> int:
    """The place of the tensor called ``name`` in a parsed model.

    Raises:
        ModelError: there is no such tensor.
    """
    names = tensor_names(model)
    if name not in names:
        raise ModelError(f"the embedding {name!r} is not in the model; export it again")
    return names.index(name)


def with_embedding_output(model: Any, name: str) -> bytes:
    """The model, a ``ModelT``, with its tensor ``name`` as a second output, to measure distances on.

    Raises:
        ModelError: there is no such tensor.
    """
    index, subgraph = embedding_index(model, name), model.subgraphs[0]
    inputs = [int(i) for i in subgraph.inputs]
    return write_model(Graph(model).finish(inputs, [int(subgraph.outputs[0]), index]))
