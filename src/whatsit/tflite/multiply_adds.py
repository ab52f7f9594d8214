"""The cost of a model, counted without running it: its multiply-adds."""

from typing import Any

import numpy as np

from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.metadata import flatbuffer_part
from whatsit.tflite.operators import operator_name


def multiply_adds(content: bytes) -> int:
    """Multiply-adds per picture in the convolutions and fully connected layers, which are nearly all of them."""
    model = read_model(flatbuffer_part(content))
    subgraph = model.subgraphs[0]
    return sum(_operator(model, subgraph.tensors, operator) for operator in subgraph.operators)


def _operator(model: Any, tensors: Any, operator: Any) -> int:
    kind = operator_name(model, operator)
    if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return 0
    weights = [int(side) for side in tensors[int(operator.inputs[1])].shape]
    output = int(np.prod(tensors[int(operator.outputs[0])].shape))
    if kind == "DEPTHWISE_CONV_2D":  # weights (1, height, width, channels): each output sees one channel
        return output * weights[1] * weights[2]
    return output * int(np.prod(weights[1:]))
