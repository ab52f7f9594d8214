"""Building a TFLite graph operator by operator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.tflite.schema import schema

_TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint8): schema.TensorType.UINT8,
}
SIGNATURE = "serving_default"


class Graph:
    """A model with one graph, extended at its end. Tensors are referred to by index.

    Args:
        model: a ``ModelT`` to extend; None: an empty one.
    """

    def __init__(self, model: Any | None = None) -> None:
        self.model = _empty_model() if model is None else model
        self._subgraph = self.model.subgraphs[0]
        self._subgraph.tensors = list(self._subgraph.tensors)
        self._subgraph.operators = list(self._subgraph.operators)

    def shape(self, tensor: int) -> tuple[int, ...]:
        """The static shape of a tensor."""
        return tuple(int(side) for side in self._subgraph.tensors[tensor].shape)

    def tensor(self, name: str, shape: Sequence[int], dtype: Any = np.float32) -> int:
        """Add a tensor that the graph computes; its index."""
        return self._add(name, shape, np.dtype(dtype), 0)

    def constant(self, name: str, values: NDArray[Any]) -> int:
        """Add a tensor whose values are in the file; its index."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        return self._add(name, values.shape, values.dtype, len(self.model.buffers) - 1)

    def quantised(self, tensor: int, scale: float, zero_point: int) -> int:
        """Give a tensor a scale and a zero point: value = scale * (stored - zero_point)."""
        parameters = schema.QuantizationParametersT()
        parameters.scale = np.array([scale], np.float32)
        parameters.zeroPoint = np.array([zero_point], np.int64)
        self._subgraph.tensors[tensor].quantization = parameters
        return tensor

    def operator(self, kind: str, inputs: Sequence[int], output: int, at_start: bool = False, **options: Any) -> int:
        """Append a built-in operator, such as ``operator("CONV_2D", [x, w, b], y, strideW=1, …)``.

        Args:
            kind: its name in the schema.
            at_start: put it before all others.
            options: fields of the schema's options table, which ``table`` names.

        Returns:
            ``output``.
        """
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind))
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array([output], np.int32)
        if options:
            table = options.pop("table")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = getattr(schema, table + "T")()
            for name, value in options.items():
                setattr(operator.builtinOptions, name, value)
        self._subgraph.operators.insert(0 if at_start else len(self._subgraph.operators), operator)
        return output

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
        """Declare inputs and outputs, with the signature that the quantiser needs; the finished ``ModelT``."""
        self._subgraph.inputs = np.array(inputs, np.int32)
        self._subgraph.outputs = np.array(outputs, np.int32)
        signature = schema.SignatureDefT()
        signature.signatureKey = SIGNATURE
        signature.subgraphIndex = 0
        signature.inputs = [self._named(index) for index in inputs]
        signature.outputs = [self._named(index) for index in outputs]
        self.model.signatureDefs = [signature]
        return self.model

    def _named(self, index: int) -> Any:
        entry = schema.TensorMapT()
        name = self._subgraph.tensors[index].name
        entry.name = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
        entry.tensorIndex = index
        return entry

    def _add(self, name: str, shape: Sequence[int], dtype: np.dtype[Any], buffer: int) -> int:
        tensor = schema.TensorT()
        tensor.name = name
        tensor.shape = np.array(shape, np.int32)
        tensor.type = _TYPES[dtype]
        tensor.buffer = buffer
        tensor.hasRank = True
        self._subgraph.tensors.append(tensor)
        return len(self._subgraph.tensors) - 1

    def _code(self, builtin: int) -> int:
        for index, code in enumerate(self.model.operatorCodes):
            if code.builtinCode == builtin:
                return index
        code = schema.OperatorCodeT()
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, 127)
        code.version = _VERSIONS.get(builtin, 1)
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1


# Version 1 of an operator supports float and uint8 only; later ones added int8 and the uint8-int8 QUANTIZE.
_VERSIONS = {getattr(schema.BuiltinOperator, name): 2 for name in ("QUANTIZE", "DEQUANTIZE", "MUL", "ADD")}


def _empty_model() -> Any:
    model = schema.ModelT()
    model.version = 3
    model.description = "whatsit"
    model.buffers = [schema.BufferT()]  # buffer 0 is empty by the format's rule
    model.operatorCodes = []
    graph = schema.SubGraphT()
    graph.name = "main"
    graph.tensors, graph.operators = [], []
    model.subgraphs = [graph]
    model.metadata = []
    return model
