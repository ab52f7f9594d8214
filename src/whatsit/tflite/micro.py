"""What TensorFlow Lite Micro can run of a model, and the flash that the model takes on a microcontroller."""

from dataclasses import dataclass
from typing import Any

from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.metadata import flatbuffer_part
from whatsit.tflite.multiply_adds import WEIGHTED, Arithmetic, operator_arithmetic
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema

OPERATORS = frozenset(
    {
        "ABS", "ADD", "ADD_N", "ARG_MAX", "ARG_MIN", "ASSIGN_VARIABLE", "AVERAGE_POOL_2D", "BATCH_MATMUL",
        "BATCH_TO_SPACE_ND", "BROADCAST_ARGS", "BROADCAST_TO", "CALL_ONCE", "CAST", "CEIL", "CONCATENATION", "CONV_2D",
        "COS", "CUMSUM", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "DIV", "DYNAMIC_UPDATE_SLICE", "ELU",
        "EMBEDDING_LOOKUP", "EQUAL", "EXP", "EXPAND_DIMS", "FILL", "FLOOR", "FLOOR_DIV", "FLOOR_MOD",
        "FULLY_CONNECTED", "GATHER", "GATHER_ND", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "IF", "L2_NORMALIZATION",
        "L2_POOL_2D", "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOG", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR",
        "LOGISTIC", "LOG_SOFTMAX", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL", "NEG",
        "NOT_EQUAL", "PACK", "PAD", "PADV2", "PRELU", "QUANTIZE", "READ_VARIABLE", "REDUCE_ALL", "REDUCE_MAX",
        "REDUCE_MIN", "RELU", "RELU6", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "ROUND",
        "RSQRT", "SELECT_V2", "SHAPE", "SIN", "SLICE", "SOFTMAX", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT",
        "SPLIT_V", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "SQUEEZE", "STRIDED_SLICE", "SUB", "SUM", "SVDF", "TANH",
        "TRANSPOSE", "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNPACK", "VAR_HANDLE", "WHILE", "ZEROS_LIKE",
    }
)  # fmt: skip
"""The built-in operators that it has kernels for, in October 2026, by their names in the schema."""

KERNELS = (22_000, 50_000)
"""Bytes of flash for the interpreter and the kernels, from and to.

The low end: 16 KB on a Cortex-M3 without operators, 22 KB with those of a keyword model (overview of TensorFlow Lite
for Microcontrollers). The high end: 20 to 50 KB by the number of operators (applied-ee.github.io).
"""

_MOST_JOINED = 10
"""Tensors that its CONCATENATION takes (``kMaxInputNum`` in ``kernels/concatenation.cc``)."""


@dataclass(frozen=True, slots=True)
class Lack:
    """An operator of a model that TensorFlow Lite Micro does not run."""

    operator: str
    """Its name in the schema; of a custom one its own name."""
    reason: str
    """Why, as a phrase."""

    def __str__(self) -> str:
        return f"{self.operator}: {self.reason}"


def flash_bytes(content: bytes) -> tuple[int, int]:
    """Bytes of flash for a model and what runs it, from and to; labels and metadata behind the graph are not needed."""
    size = len(flatbuffer_part(content))
    return size + KERNELS[0], size + KERNELS[1]


def lacks(content: bytes) -> tuple[Lack, ...]:
    """The operators that TensorFlow Lite Micro does not run, each kind and reason once; empty: it runs the model.

    Raises:
        ModelError: no ``.tflite`` file.
    """
    model = read_model(flatbuffer_part(content))
    subgraph = model.subgraphs[0]
    found = (_lack(model, subgraph.tensors, operator) for operator in subgraph.operators)
    return tuple(dict.fromkeys(lack for lack in found if lack is not None))


def _lack(model: Any, tensors: Any, operator: Any) -> Lack | None:
    kind = operator_name(model, operator)
    if kind == "CUSTOM":
        name = model.operatorCodes[operator.opcodeIndex].customCode or b""
        return Lack(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name), "a custom operator")
    if kind not in OPERATORS:
        return Lack(kind, "not among its operators")
    if kind == "CONCATENATION" and len(operator.inputs) > _MOST_JOINED:
        most = f"joins {len(operator.inputs)} tensors, at most {_MOST_JOINED} are possible"
        return Lack(kind, f"{most}; a built-in network trained without multi_layer joins none")
    if kind in WEIGHTED:
        if tensors[int(operator.inputs[0])].type == schema.TensorType.UINT8:
            return Lack(kind, "computes in uint8; int8 is needed")
        if operator_arithmetic(tensors, operator) is Arithmetic.DYNAMIC:
            return Lack(kind, "int8 weights on float32 values; int8 or float32 is needed throughout")
    return None
