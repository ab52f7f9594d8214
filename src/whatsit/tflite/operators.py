"""What each TFLite operator takes and gives: how many tensors, and which of them may be absent.

From the kernels' own checks (TensorFlow Lite, ``tensorflow/lite/kernels``). LiteRT makes them only in part: some
kernels read an input before they check that it is there.
"""

from dataclasses import dataclass, field
from typing import Any

from whatsit.tflite.schema import names_by_value, schema

MANY = 2**15
"""The most tensors that an operator of any number takes or gives."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of an operator."""

    least: int
    most: int
    outputs: tuple[int, int] = (1, 1)
    optional: frozenset[int] = field(default_factory=frozenset)
    """Places of inputs that may be absent (-1)."""
    ranks: tuple[tuple[int, int], ...] = ()
    """(place of an input, how many dimensions it has)."""


def _takes(least: int, most: int | None = None, *, optional: tuple[int, ...] = ()) -> Signature:
    return Signature(least, least if most is None else most, (1, 1), frozenset(optional))


_UNARY = _takes(1)
_BINARY = _takes(2)
_CONVOLUTION = Signature(2, 3, (1, 1), frozenset({2}), ((0, 4), (1, 4)))
_WEIGHTED = Signature(2, 3, (1, 1), frozenset({2}), ((1, 2),))

SIGNATURES: dict[str, Signature] = {
    "CONV_2D": _CONVOLUTION,
    "DEPTHWISE_CONV_2D": _CONVOLUTION,
    "FULLY_CONNECTED": _WEIGHTED,
    **dict.fromkeys(
        (
            "ABS", "AVERAGE_POOL_2D", "CAST", "CEIL", "COS", "DEPTH_TO_SPACE", "DEQUANTIZE", "ELU", "EXP", "FAKE_QUANT",
            "FLOOR", "GELU", "HARD_SWISH", "L2_NORMALIZATION", "L2_POOL_2D", "LEAKY_RELU",
            "LOCAL_RESPONSE_NORMALIZATION", "LOG", "LOGICAL_NOT", "LOGISTIC", "LOG_SOFTMAX", "MAX_POOL_2D", "NEG",
            "QUANTIZE", "RANK", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "ROUND", "RSQRT", "SHAPE", "SIGN",
            "SIN", "SOFTMAX", "SPACE_TO_DEPTH", "SQRT", "SQUARE", "SQUEEZE", "TANH", "ZEROS_LIKE", "BITCAST", "DENSIFY",
        ),
        _UNARY,
    ),
    **dict.fromkeys(
        (
            "ADD", "ARG_MAX", "ARG_MIN", "ATAN2", "BATCH_MATMUL", "BITWISE_XOR", "BROADCAST_ARGS", "BROADCAST_TO",
            "CUMSUM", "DIV", "EQUAL", "EXPAND_DIMS", "FILL", "FLOOR_DIV", "FLOOR_MOD", "GATHER", "GATHER_ND", "GREATER",
            "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MEAN", "MINIMUM",
            "MIRROR_PAD", "MUL", "NOT_EQUAL", "PAD", "POW", "PRELU", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX",
            "REDUCE_MIN", "REDUCE_PROD", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "RIGHT_SHIFT",
            "SQUARED_DIFFERENCE", "SUB", "SUM", "TILE", "TRANSPOSE",
        ),
        _BINARY,
    ),
    **dict.fromkeys(("PADV2", "SELECT", "SELECT_V2", "SLICE", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"), _takes(3)),
    "RESHAPE": _takes(1, 2),
    "STRIDED_SLICE": _takes(4, 5, optional=(4,)),
    "TRANSPOSE_CONV": Signature(3, 4, (1, 1), frozenset({3}), ((1, 4), (2, 4))),
    "ONE_HOT": _takes(4),
    "CONCATENATION": _takes(1, MANY),
    "PACK": _takes(1, MANY),
    "ADD_N": _takes(1, MANY),
    "SPLIT": Signature(2, 2, (1, MANY)),
    "SPLIT_V": Signature(3, 3, (1, MANY)),
    "UNPACK": Signature(1, 1, (1, MANY)),
    "TOPK_V2": Signature(2, 2, (2, 2)),
}  # fmt: skip
"""By the name in the schema's ``BuiltinOperator``. Others are not looked at: only a probe tells whether they run."""


_NAMES = names_by_value(schema.BuiltinOperator)


def operator_kind(code: Any) -> str:
    """The name of an operator code in the schema's ``BuiltinOperator``."""
    # Files older than schema 3a keep the number in the one byte of the deprecated field.
    return _NAMES.get(max(int(code.builtinCode), int(code.deprecatedBuiltinCode)), "unknown")


def operator_name(model: Any, operator: Any) -> str:
    """The name of an operator of ``model``, such as ``CONV_2D``."""
    return operator_kind(model.operatorCodes[operator.opcodeIndex])


def check_operator(name: str, inputs: list[int], outputs: list[int], ranks: list[int]) -> None:
    """Refuse an operator without an input that its kernel reads, or with tensors that it does not know.

    Args:
        name: as in ``SIGNATURES``; unknown ones must have all their inputs.
        inputs: indices of tensors, -1 for an absent one.
        ranks: how many dimensions each input has.

    Raises:
        ValueError: naming the operator and what was expected.
    """
    known = SIGNATURES.get(name)
    if known is None:
        if name != "CUSTOM" and -1 in inputs and name not in _SEQUENCES:
            raise ValueError(f"{name}: input {inputs.index(-1)} is absent")
        return
    low, high = known.outputs
    if not known.least <= len(inputs) <= known.most:
        raise ValueError(f"{name} with {len(inputs)} inputs, expected {_between(known.least, known.most)}")
    if not low <= len(outputs) <= high:
        raise ValueError(f"{name} with {len(outputs)} outputs, expected {_between(low, high)}")
    for place, index in enumerate(inputs):
        if index < 0 and place not in known.optional:
            raise ValueError(f"{name}: input {place} is absent")
    for place, rank in known.ranks:
        if ranks[place] != rank:
            raise ValueError(f"{name}: input {place} has {ranks[place]} dimensions, expected {rank}")


_SEQUENCES = frozenset(
    {
        "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "LSTM", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "UNIDIRECTIONAL_SEQUENCE_RNN", "RNN",
    }
)  # fmt: skip
"""Recurrent operators, whose many optional inputs no image classifier here uses; a probe tells whether they run."""


def _between(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} or more" if high == MANY else f"{low} to {high}"
