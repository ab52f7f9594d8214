"""How a model expects its pixel values: from the caller, the file or the graph, else a guess."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np

from whatsit.errors import ArgumentError
from whatsit.tflite.flatbuffer import constant
from whatsit.tflite.interpreter import TensorSpec
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema
from whatsit.validation import short

NormaliseLike: TypeAlias = str | tuple[float | Sequence[float], float | Sequence[float]]
"""A range such as ``0..1``, or (mean, std) in pixel units, each one number or one per channel; as text ``MEAN,STD``."""

RANGES = {"0..1": ((0.0,), (255.0,)), "-1..1": ((127.5,), (127.5,)), "0..255": ((0.0,), (1.0,))}
"""Mean and standard deviation, in pixel units, of the ranges that have names."""


_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_CHANNELS = re.compile(rf"{_NUMBER}(?:\s+{_NUMBER}\s+{_NUMBER})?")
_MAX_TEXT = 200


class Origin(StrEnum):
    """How a normalisation is known, the surest first."""

    CALLER = "caller"
    """The caller named it."""
    BESIDE = "beside"
    """A file beside the model says it: see ``reading_file``."""
    METADATA = "metadata"
    """The file's metadata says it."""
    DTYPE = "dtype"
    """The integer type leaves no choice that matters."""
    GRAPH = "graph"
    """The graph begins by scaling its input, or its input has a name that one tool gives."""
    GUESS = "guess"
    """Nothing says it: 0..1 is the most frequent."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """The network sees ``(pixel - mean) / std``, one number or one per channel, in pixel units (0..255)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    origin: Origin
    reason: str
    """Why, as the end of a sentence."""

    def __str__(self) -> str:
        """The range's name, or mean and standard deviation."""
        named = next((name for name, pair in RANGES.items() if pair == (self.mean, self.std)), None)
        return named or f"mean {_numbers(self.mean)}, std {_numbers(self.std)}"

    @property
    def text(self) -> str:
        """As ``parse_normalise`` reads it: ``0..1``, or ``127.5,127.5``; channels are separated by spaces."""
        named = next((name for name, pair in RANGES.items() if pair == (self.mean, self.std)), None)
        return named or ",".join(" ".join(repr(float(value)) for value in values) for values in (self.mean, self.std))


def parse_normalise(value: NormaliseLike) -> Normalisation:
    """What a caller asked for: ``0..1``, ``-1..1``, ``0..255``, ``MEAN,STD`` as text, or (mean, std).

    As text, MEAN and STD are a number or three with spaces between them.

    Raises:
        ArgumentError: anything else.
    """
    if isinstance(value, str):
        text = value.strip().replace("\N{MINUS SIGN}", "-")
        if text in RANGES:
            return Normalisation(*RANGES[text], Origin.CALLER, "as asked for")
        parts = text.split(",") if len(text) <= _MAX_TEXT else []
        if len(parts) == 2 and all(_CHANNELS.fullmatch(part.strip()) for part in parts):
            value = ([float(number) for number in parts[0].split()], [float(number) for number in parts[1].split()])
    if isinstance(value, tuple | list) and len(value) == 2:
        try:
            mean, std = (tuple(float(v) for v in np.atleast_1d(np.asarray(part, np.float64))) for part in value)
        except (TypeError, ValueError):
            mean = std = ()
        if len(mean) in (1, 3) and len(std) in (1, 3) and np.isfinite([*mean, *std]).all() and 0 not in std:
            return Normalisation(mean, std, Origin.CALLER, "as asked for")
    raise ArgumentError(
        f"normalise {short(value)}: expected 0..1, -1..1, 0..255, or mean and standard deviation in pixel units "
        "(127.5,127.5)"
    )


def normalisation_of(
    model: Any, spec: TensorSpec, mean: tuple[float, ...] | None, std: tuple[float, ...] | None,
    asked: NormaliseLike | Normalisation | None = None,
) -> Normalisation:  # fmt: skip
    """The normalisation of a model's picture input.

    Args:
        model: the parsed model, its graph read for a scaling at the start.
        spec: the input.
        mean: what the metadata says, in pixel units; None where it says nothing.
        std: likewise.
        asked: what the caller wants instead.

    Raises:
        ArgumentError: ``asked`` is no normalisation, or another than a uint8 input has: it takes pixels as they are.
    """
    wanted = asked if asked is None or isinstance(asked, Normalisation) else parse_normalise(asked)
    if spec.dtype == np.uint8:
        if wanted is not None and (wanted.mean, wanted.std) != RANGES["0..255"]:
            raise ArgumentError(f"normalise {wanted.text}: the model takes uint8, the pixels as they are; leave it out")
        return Normalisation((0.0,), (1.0,), Origin.DTYPE, "uint8 takes the pixels as they are")
    if wanted is not None:
        return wanted
    if mean is not None and std is not None:
        return Normalisation(mean, std, Origin.METADATA, "the file's metadata says so")
    if spec.dtype == np.int8 and spec.scale > 0:
        # Real value = scale * (pixel - 128 - zero point): the scale was calibrated on what the model wants.
        reason = "int8 takes pixel - 128, right for models of 0..1, -1..1 and 0..255 alike"
        return Normalisation((128.0 + spec.zero_point,), (1.0 / spec.scale,), Origin.DTYPE, reason)
    return _of_graph(model, spec) or Normalisation(
        *RANGES["0..1"], Origin.GUESS, "the file does not say; 0..1 is the most frequent"
    )


def _of_graph(model: Any, spec: TensorSpec) -> Normalisation | None:
    if re.fullmatch(r"(serving_default_)?sequential_\d+_input(:0)?", spec.name) and spec.shape[1:3] == (224, 224):
        reason = "its input is named as Teachable Machine's, which take -1..1"
        return Normalisation(*RANGES["-1..1"], Origin.GRAPH, reason)
    scaling = _scaling(model)
    if scaling is None:
        return None
    gain, offset = scaling
    # The graph's own arithmetic tells which inputs give values around 0..1: those it was made for.
    if np.all(np.abs(gain) <= 0.05) or np.any(np.abs(offset) > 16):
        reason = "the graph begins by scaling its input, so it takes raw pixels"
        return Normalisation(*RANGES["0..255"], Origin.GRAPH, reason)
    return Normalisation(*RANGES["0..1"], Origin.GRAPH, "the graph begins by scaling its input from 0..1")


def _scaling(model: Any) -> tuple[Any, Any] | None:
    """The multiplications and additions with constants that the graph starts with, as (gain, offset); None: none."""
    graph = model.subgraphs[0]
    at, gain, offset = int(graph.inputs[0]), np.float64(1), np.float64(0)
    found = False
    while (operator := _only_reader(graph, at)) is not None:
        kind = operator_name(model, operator)
        if kind in ("MUL", "DIV", "ADD", "SUB"):
            value = _operand(model, graph, operator, at)
            if value is None or (kind in ("DIV", "SUB") and int(operator.inputs[0]) != at):
                break
            if kind == "DIV" and not value.all():
                break
            if kind in ("MUL", "DIV"):
                factor = value if kind == "MUL" else 1 / value
                gain, offset = gain * factor, offset * factor
            else:
                offset = offset + value if kind == "ADD" else offset - value
            found = True
        elif kind not in ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "REVERSE_V2"):
            break
        at = int(operator.outputs[0])
    return (gain, offset) if found else None


def _only_reader(graph: Any, tensor: int) -> Any | None:
    readers = [operator for operator in graph.operators if tensor in map(int, operator.inputs)]
    return readers[0] if len(readers) == 1 else None


def _operand(model: Any, graph: Any, operator: Any, at: int) -> Any | None:
    """The constant beside ``at``: one float, or one per channel."""
    other = next((int(index) for index in operator.inputs if int(index) != at), -1)
    tensor = graph.tensors[other] if other >= 0 else None
    if tensor is None or tensor.type != schema.TensorType.FLOAT32:
        return None
    values = constant(model, tensor)
    return None if values is None or values.size not in (1, 3) else values.astype(np.float64).reshape(-1)


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
