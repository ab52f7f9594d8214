"""The cost of a model, counted without running it: its multiply-adds, and the arithmetic they are done in."""

from collections import Counter
from enum import StrEnum
from typing import Any

import numpy as np

from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.metadata import flatbuffer_part
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""The operators whose multiply-adds are counted."""


class Arithmetic(StrEnum):
    """What a network is computed in."""

    INT8 = "int8"
    """8-bit activations and weights, signed or not."""
    FLOAT32 = "float32"
    DYNAMIC = "dynamic"
    """8-bit weights and float32 activations, which the runtime quantises as it goes."""


def multiply_adds(content: bytes) -> int:
    """Multiply-adds per picture in the convolutions and fully connected layers, which are nearly all of them."""
    return sum(_by_arithmetic(content).values())


def arithmetic(content: bytes) -> Arithmetic:
    """The arithmetic of most of a model's multiply-adds, whatever its input and output are; float32 without any."""
    found = _by_arithmetic(content)
    return max(found, key=lambda kind: found[kind]) if found else Arithmetic.FLOAT32


def operator_arithmetic(tensors: Any, operator: Any) -> Arithmetic:
    """The arithmetic of one of the ``WEIGHTED`` operators."""
    eight = (schema.TensorType.INT8, schema.TensorType.UINT8)
    given, weights = (tensors[int(operator.inputs[place])].type in eight for place in (0, 1))
    return Arithmetic.INT8 if given else Arithmetic.DYNAMIC if weights else Arithmetic.FLOAT32


def _by_arithmetic(content: bytes) -> Counter[Arithmetic]:
    model = read_model(flatbuffer_part(content))
    subgraph = model.subgraphs[0]
    found: Counter[Arithmetic] = Counter()
    for operator in subgraph.operators:
        kind = operator_name(model, operator)
        if kind in WEIGHTED:
            found[operator_arithmetic(subgraph.tensors, operator)] += _operator(kind, subgraph.tensors, operator)
    return found


def _operator(kind: str, tensors: Any, operator: Any) -> int:
    weights = [int(side) for side in tensors[int(operator.inputs[1])].shape]
    output = int(np.prod(tensors[int(operator.outputs[0])].shape))
    if kind == "DEPTHWISE_CONV_2D":  # weights (1, height, width, channels): each output sees one channel
        return output * weights[1] * weights[2]
    return output * int(np.prod(weights[1:]))
