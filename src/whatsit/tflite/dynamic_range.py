"""Dynamic-range quantisation of a float32 graph: 8-bit weights, everything else float32.

Weights are symmetric with a scale per output channel, as in the int8 form; the runtime quantises activations as it
goes, by the range they have in each picture. Nothing has to be measured, and the input and output stay float32.

Depthwise convolutions stay float32: their weights are few, and LiteRT's kernel for 8-bit ones is slow.
"""

from collections import Counter
from typing import Any

import numpy as np

from whatsit.tflite.flatbuffer import constant, read_model, write_model
from whatsit.tflite.int8_graph import channel_scales
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema

_KINDS = ("CONV_2D", "FULLY_CONNECTED")
_LEAST_VALUES = 1024
"""Smaller weights stay float32, as TensorFlow's converter leaves them: they save nothing and would only lose."""


def dynamic_range(content: bytes) -> bytes:
    """A float32 ``.tflite`` with the weights of its convolutions and fully connected layers in int8.

    Raises:
        ModelError: no ``.tflite`` file.
    """
    model = read_model(content)
    subgraph = model.subgraphs[0]
    shared = Counter(int(tensor.buffer) for tensor in subgraph.tensors)
    users = Counter(int(index) for operator in subgraph.operators for index in operator.inputs)
    for operator in subgraph.operators:
        kind = operator_name(model, operator)
        if kind not in _KINDS or subgraph.tensors[int(operator.inputs[0])].type != schema.TensorType.FLOAT32:
            continue
        index = int(operator.inputs[1])
        weights = subgraph.tensors[index]
        alone = users[index] == 1 and shared[int(weights.buffer)] == 1
        if alone and _quantised(model, weights) and kind == "FULLY_CONNECTED":
            _options(operator).asymmetricQuantizeInputs = True
    return write_model(model)


def _quantised(model: Any, tensor: Any) -> bool:
    """Store a constant's values in 8 bits; whether it was one worth it."""
    values = constant(model, tensor) if tensor.type == schema.TensorType.FLOAT32 else None
    if values is None or values.size < _LEAST_VALUES:
        return False
    scales = channel_scales(values, 0)
    stored = np.clip(np.rint(values / scales), -127, 127).astype(np.int8)
    model.buffers[tensor.buffer].data = np.frombuffer(stored.tobytes(), np.uint8)
    tensor.type = schema.TensorType.INT8
    parameters = schema.QuantizationParametersT()
    parameters.scale = scales.ravel()
    parameters.zeroPoint = np.zeros(scales.size, np.int64)
    parameters.quantizedDimension = 0
    tensor.quantization = parameters
    return True


def _options(operator: Any) -> Any:
    if operator.builtinOptions is None:
        operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        operator.builtinOptions = schema.FullyConnectedOptionsT()
    return operator.builtinOptions
