"""The int8 form of a float32 graph whose ranges are known, in numpy.

TensorFlow Lite's 8-bit quantisation specification: weights symmetric with a scale per channel, biases int32 with the
product of the input's and the weights' scales, activations asymmetric with a scale per tensor. It covers the operators
that the built-in networks and our heads are made of; ``quantise`` leaves others to ai-edge-quantizer.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import constant
from whatsit.tflite.graph import Graph
from whatsit.tflite.merge import tensor_names
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema

Ranges = Mapping[str, tuple[float, float]]
"""Lowest and highest value of each tensor, by the tensor's name."""
Floats = NDArray[np.float32]

_CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
"""Operators with weights, and the dimension of the weights that counts output channels."""
_MEASURED = ("ADD", "CONCATENATION", "MEAN", "MUL")
"""Their result has the scale of its range."""
_SAME_SCALE = ("RESHAPE", "SLICE")
"""Their result has the scale of their first input."""
_FLOAT = "L2_NORMALIZATION"
"""Stays float32, between DEQUANTIZE and QUANTIZE: the kernel's int8 result has a fixed scale and few levels."""
_SOFTMAX = "SOFTMAX"
_LEAST_BOUND = np.float32(1e-9)  # of a tensor that is 0 throughout: no scale may be 0


class _Scale(NamedTuple):
    """value = scale * (stored - zero_point)."""

    scale: np.float32
    zero_point: int

    @classmethod
    def of(cls, low: float, high: float) -> "_Scale":
        """Of a tensor with this range, widened to 0, which has to be stored exactly for padding."""
        bottom, top = np.minimum(np.float32(low), np.float32(0)), np.maximum(np.float32(high), np.float32(0))
        scale = np.maximum(top - bottom, _LEAST_BOUND) / np.float32(255)
        return cls(scale, int(np.rint(np.float32(-128) - bottom / scale)))


def int8_graph(model: Any, ranges: Ranges) -> bool:
    """Change a float32 ``ModelT`` to int8, its input and output too.

    Args:
        model: one graph with one input.
        ranges: of every tensor that is computed.

    Returns:
        False where the graph holds something that only ai-edge-quantizer knows; the model is unchanged then.

    Raises:
        ModelError: ``ranges`` lacks a tensor.
    """
    if not _is_known(model):
        return False
    scales = _scales(model, ranges)
    if not _joins_equal_scales(model, scales):
        return False
    _Writer(model, scales).write()
    return True


def _is_known(model: Any) -> bool:
    subgraph = model.subgraphs[0]
    if len(model.subgraphs) != 1 or len(subgraph.inputs) != 1:
        return False
    uses = Counter(int(index) for operator in subgraph.operators for index in operator.inputs)
    buffers = Counter(int(tensor.buffer) for tensor in subgraph.tensors)
    for operator in subgraph.operators:
        name = operator_name(model, operator)
        if name not in (*_CHANNELS, *_MEASURED, *_SAME_SCALE, _FLOAT, _SOFTMAX):
            return False
        if name == _FLOAT and int(operator.outputs[0]) in subgraph.outputs:
            return False
        inputs = [(place, int(index)) for place, index in enumerate(operator.inputs) if index >= 0]
        for place, index in inputs:
            tensor = subgraph.tensors[index]
            shared = uses[index] > 1 or buffers[tensor.buffer] > 1
            if not _is_known_input(name, place, tensor, constant(model, tensor) is not None, shared):
                return False
    return True


def _is_known_input(operator: str, place: int, tensor: Any, stored: bool, shared: bool) -> bool:
    if operator in _CHANNELS and stored is (place == 0):  # computed weights, or a constant picture
        return False
    if not stored:
        return _is_float(tensor)
    return not (shared and _is_float(tensor))  # two operators can want two scales of it


def _is_float(tensor: Any) -> bool:
    return bool(tensor.type == schema.TensorType.FLOAT32)


def _scales(model: Any, ranges: Ranges) -> dict[int, _Scale]:
    """Of the input and of every tensor that an operator computes, by index."""
    names = tensor_names(model)

    def measured(index: int) -> _Scale:
        if names[index] not in ranges:
            raise ModelError(f"cannot quantise: no range of values for the tensor {names[index]!r}")
        return _Scale.of(*ranges[names[index]])

    subgraph = model.subgraphs[0]
    first = int(subgraph.inputs[0])
    scales = {first: measured(first)}
    for operator in subgraph.operators:
        name, result = operator_name(model, operator), int(operator.outputs[0])
        if name in _SAME_SCALE:
            scales[result] = scales[int(operator.inputs[0])]
        elif name == _SOFTMAX:
            scales[result] = _Scale(np.float32(1 / 256), -128)  # the kernel's own
        else:
            scales[result] = measured(result)
    return scales


def _joins_equal_scales(model: Any, scales: Mapping[int, _Scale]) -> bool:
    """Whether concatenated tensors have one scale: the kernel copies the stored values."""
    joins = [one for one in model.subgraphs[0].operators if operator_name(model, one) == "CONCATENATION"]
    return all(scales.get(int(index)) == scales[int(one.outputs[0])] for one in joins for index in one.inputs)


class _Writer:
    """Writes the scales and the stored values into a model."""

    def __init__(self, model: Any, scales: Mapping[int, _Scale]) -> None:
        self._model = model
        self._graph = Graph(model)
        self._tensors = model.subgraphs[0].tensors
        self._scales = scales
        self._float: dict[int, int] = {}
        """Results of float32 operators, and the int8 tensors behind their QUANTIZE."""

    def write(self) -> None:
        subgraph = self._model.subgraphs[0]
        names = tensor_names(self._model)
        operators, subgraph.operators = list(subgraph.operators), []
        kinds = [operator_name(self._model, operator) for operator in operators]
        in_float = {int(one.outputs[0]) for one, kind in zip(operators, kinds, strict=True) if kind == _FLOAT}
        for index, scale in self._scales.items():
            if index not in in_float:
                self._store(index, scale)
        for operator, kind in zip(operators, kinds, strict=True):
            inputs = [self._float.get(int(index), int(index)) for index in operator.inputs]
            result = int(operator.outputs[0])
            if kind == _FLOAT:
                real = self._graph.tensor(f"{names[inputs[0]]}_dequant", self._graph.shape(inputs[0]))
                inputs = [self._graph.operator("DEQUANTIZE", inputs, real)]
            else:
                self._constants(kind, inputs)
            operator.inputs = np.array(inputs, np.int32)
            subgraph.operators.append(operator)
            if kind == _FLOAT:
                stored = self._graph.tensor(f"{names[result]}_quantized", self._graph.shape(result))
                self._store(stored, self._scales[result])
                self._float[result] = self._graph.operator("QUANTIZE", [result], stored)

    def _constants(self, kind: str, inputs: list[int]) -> None:
        """Quantise the float32 constants that an operator takes."""
        if kind in _CHANNELS:
            weights = self._weights(inputs[1], _CHANNELS[kind])
            if len(inputs) > 2 and inputs[2] >= 0:
                self._bias(inputs[2], self._input_scale(inputs[0]) * weights)
            return
        for index in inputs:
            values = constant(self._model, self._tensors[index]) if _is_float(self._tensors[index]) else None
            if values is not None:
                scale, zero_point = one = _Scale.of(float(values.min()), float(values.max()))
                self._put(index, np.clip(np.rint(values / scale + np.float32(zero_point)), -128, 127).astype(np.int8))
                self._store(index, one)

    def _input_scale(self, index: int) -> np.float32:
        return np.float32(self._tensors[index].quantization.scale[0])

    def _weights(self, index: int, dimension: int) -> Floats:
        """Quantise weights; their scales, one per output channel."""
        values = _values(self._model, self._tensors[index])
        scales = channel_scales(values, dimension)
        self._put(index, np.clip(np.rint(values / scales), -127, 127).astype(np.int8))
        self._set(index, scales.ravel(), schema.TensorType.INT8, dimension)
        return np.asarray(scales.ravel(), np.float32)

    def _bias(self, index: int, scales: Floats) -> None:
        stored = np.rint(_values(self._model, self._tensors[index]) / scales).astype(np.float64)
        self._put(index, np.clip(stored, -(2**31) + 1, 2**31 - 1).astype(np.int32))
        self._set(index, scales, schema.TensorType.INT32, 0)

    def _put(self, index: int, values: NDArray[Any]) -> None:
        self._model.buffers[self._tensors[index].buffer].data = np.frombuffer(values.tobytes(), np.uint8)

    def _store(self, index: int, scale: _Scale) -> None:
        self._graph.quantised(index, float(scale.scale), scale.zero_point)
        self._tensors[index].type = schema.TensorType.INT8

    def _set(self, index: int, scales: Floats, dtype: int, dimension: int) -> None:
        parameters = schema.QuantizationParametersT()
        parameters.scale = scales
        parameters.zeroPoint = np.zeros(len(scales), np.int64)
        parameters.quantizedDimension = dimension
        self._tensors[index].quantization = parameters
        self._tensors[index].type = dtype


def channel_scales(weights: Floats, dimension: int) -> Floats:
    """The scale of each output channel of symmetric 8-bit weights, in a shape that divides them."""
    others = tuple(axis for axis in range(weights.ndim) if axis != dimension)
    return np.asarray(np.maximum(np.abs(weights).max(axis=others, keepdims=True), _LEAST_BOUND) / np.float32(127))


def _values(model: Any, tensor: Any) -> Floats:
    return np.asarray(constant(model, tensor), np.float32)
