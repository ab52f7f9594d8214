"""The tensor arena of a model on a microcontroller, planned from its tensors' lifetimes without running it.

TensorFlow Lite Micro keeps the tensors that the graph computes in one block of memory, which they share as their
lifetimes allow, and behind them what its interpreter and kernels remember (David et al. 2021).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.metadata import flatbuffer_part
from whatsit.tflite.multiply_adds import WEIGHTED
from whatsit.tflite.operators import operator_name
from whatsit.tflite.soundness import tensor_bytes

ALIGNMENT = 16
"""Tensors start at multiples of this many bytes."""


@dataclass(frozen=True, slots=True)
class Arena:
    """Bytes of memory that a model needs on a microcontroller."""

    tensors: int
    """What the graph computes, its input and output included: exact for TensorFlow Lite Micro's own planner."""
    bookkeeping: tuple[int, int]
    """What its interpreter and reference kernels keep: with pointers of 4 bytes, and of 8."""

    @property
    def total(self) -> tuple[int, int]:
        """The arena's size, from and to; kernels of a chip's vendor need room for copies besides."""
        low, high = self.bookkeeping
        return self.tensors + low, self.tensors + high


class Lifetime(NamedTuple):
    """A tensor that needs memory from one operator to another, both included."""

    size: int
    first: int
    last: int


def plan_arena(content: bytes) -> Arena:
    """The arena that TensorFlow Lite Micro needs for a model.

    Args:
        content: the ``.tflite`` file.

    Raises:
        ModelError: no such file, or a tensor of a type whose size is not fixed.
    """
    model = read_model(flatbuffer_part(content))
    subgraph = model.subgraphs[0]
    channels = sum(_channels(model, subgraph.tensors, operator) for operator in subgraph.operators)
    tensors, operators = len(subgraph.tensors), len(subgraph.operators)
    low, high = (_bookkeeping(tensors, operators, channels, pointer) for pointer in (4, 8))
    return Arena(planned_bytes(lifetimes(subgraph)), (low, high))


def lifetimes(subgraph: Any) -> list[Lifetime]:
    """The lifetime of every tensor that a graph computes or is given; constants stay in the file."""
    end = max(0, len(subgraph.operators) - 1)
    first: dict[int, int] = dict.fromkeys(map(int, subgraph.inputs), 0)
    last: dict[int, int] = dict.fromkeys(first, 0)
    for at, operator in enumerate(subgraph.operators):
        for index in map(int, operator.outputs):
            first[index] = last[index] = at
        last.update({index: at for index in map(int, operator.inputs) if index in first})
    last.update({index: end for index in map(int, subgraph.outputs) if index in first})
    return [Lifetime(_aligned(subgraph.tensors[index]), first[index], last[index]) for index in sorted(first)]


def planned_bytes(tensors: list[Lifetime]) -> int:
    """The memory in which tensors fit, placed greedily: the largest first, each at the lowest place that is free."""
    placed: list[tuple[int, Lifetime]] = []
    for tensor in sorted(tensors, key=lambda one: -one.size):
        at = 0
        for start, other in sorted(placed, key=lambda one: one[0]):
            if other.first > tensor.last or tensor.first > other.last:
                continue
            if start - at >= tensor.size:
                break
            at = max(at, start + other.size)
        placed.append((at, tensor))
    return max((at + tensor.size for at, tensor in placed), default=0)


def _aligned(tensor: Any) -> int:
    size = tensor_bytes(tensor)
    if size is None:
        raise ModelError(f"tensor {tensor.name!r} has a type without a fixed size; its memory cannot be planned")
    return -(-size // ALIGNMENT) * ALIGNMENT


def _channels(model: Any, tensors: Any, operator: Any) -> int:
    """The channels of an operator that has a multiplier and a shift for each."""
    kind = operator_name(model, operator)
    if kind not in WEIGHTED:
        return 0
    weights = tensors[int(operator.inputs[1])]
    if kind == "FULLY_CONNECTED" and not _per_channel(weights):
        return 0
    return int(weights.shape[3 if kind == "DEPTHWISE_CONV_2D" else 0])


def _per_channel(weights: Any) -> bool:
    quantisation = weights.quantization
    return quantisation is not None and quantisation.scale is not None and len(quantisation.scale) > 1


# From the structures of TensorFlow Lite Micro (micro_allocator.h, kernels/conv.h); a test compares with its own count.
_MULTIPLIER_AND_SHIFT = 8
_OPERATOR_DATA = 80
_INTERPRETER = 600


def _bookkeeping(tensors: int, operators: int, channels: int, pointer: int) -> int:
    a_tensor, an_operator = 3 * pointer, 8 * pointer + _OPERATOR_DATA + 3 * pointer
    return channels * _MULTIPLIER_AND_SHIFT + tensors * a_tensor + operators * an_operator + _INTERPRETER
