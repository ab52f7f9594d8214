"""What a model would cost on other devices: latency on Raspberry Pis, memory and flash on microcontrollers."""

import os
from dataclasses import asdict, dataclass
from typing import Any

from whatsit.errors import ModelError
from whatsit.evaluation.latency import Measurement, measure
from whatsit.evaluation.published import PUBLISHED, Device
from whatsit.tflite.arena import Arena, plan_arena
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.micro import Lack, flash_bytes, lacks
from whatsit.tflite.multiply_adds import Arithmetic, arithmetic, multiply_adds
from whatsit.tflite.network import model_content


@dataclass(frozen=True, slots=True)
class Latency:
    """An estimate of one network's time on one device, four threads; decoding and resizing a picture come on top."""

    device: str
    milliseconds: tuple[float, float]
    """From and to: at the fastest and at the slowest of the published rates."""
    sources: tuple[str, ...]
    """Where those were published."""


@dataclass(frozen=True, slots=True)
class Micro:
    """What a microcontroller needs for a model with TensorFlow Lite Micro."""

    arena: Arena
    flash: tuple[int, int]
    """Bytes, from and to: the graph, and the interpreter with its kernels."""
    lacks: tuple[Lack, ...]
    """The operators it does not run; empty: it runs the model."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A model's cost on other devices, beside what it is on this one."""

    name: str
    multiply_adds: int
    arithmetic: Arithmetic
    latencies: tuple[Latency, ...]
    """By device, the slowest first."""
    micro: Micro | None
    """None: a tensor's size is not fixed."""
    here: Measurement | None
    """Measured on this device; None: not asked for."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = {"kind": "estimate", **asdict(self)}
        if self.micro is not None:
            found["micro"]["arena"]["total"] = self.micro.arena.total
        return found


def latency_range(count: int, kind: Arithmetic, device: Device) -> tuple[float, float]:
    """Milliseconds, from and to, that a device takes for ``count`` multiply-adds, by the published rates."""
    rates = [row.rate for row in PUBLISHED if row.device is device and row.arithmetic in _kinds(kind)]
    return count / max(rates) * 1000, count / min(rates) * 1000


def latencies(count: int, kind: Arithmetic) -> tuple[Latency, ...]:
    """The estimates for every device with published figures, the slowest first."""
    return tuple(Latency(device.value, latency_range(count, kind, device), _sources(kind, device)) for device in Device)


def rounded(milliseconds: float) -> float:
    """Two digits, or whole milliseconds from 100 on: more than an estimate knows."""
    return float(f"{milliseconds:.2g}" if milliseconds < 100 else f"{milliseconds:.0f}")


def span_text(milliseconds: tuple[float, float]) -> str:
    """``5.1 to 9.5 ms``, or ``44 to 61 ms``."""
    figures = map(rounded, milliseconds)
    return " to ".join(f"{figure:g}" if figure < 10 else f"{figure:,.0f}" for figure in figures) + " ms"


def estimate(model: str | os.PathLike[str] | bytes, *, measured: bool = True, threads: int | None = None) -> Estimate:
    """Estimate a model's latency on Raspberry Pis, and its memory and flash on microcontrollers.

    Args:
        model: the path of a ``.tflite``, or its bytes.
        measured: run it on this device too, which takes seconds.
        threads: of the interpreter, for that; None: one per core, at most four.

    Raises:
        ModelError: the file is missing, no TFLite model, or does not run.

    Example::

        found = whatsit.estimate("models/model.tflite", measured=False)
        for latency in found.latencies:
            print(latency.device, latency.milliseconds)
    """
    name, content = model_content(model)
    read_model(content, name)
    count, kind = multiply_adds(content), arithmetic(content)
    here = measure(content, threads) if measured else None
    return Estimate(name, count, kind, latencies(count, kind), _micro(content), here)


def _micro(content: bytes) -> Micro | None:
    try:
        return Micro(plan_arena(content), flash_bytes(content), lacks(content))
    except ModelError:
        return None


def _kinds(kind: Arithmetic) -> tuple[Arithmetic, ...]:
    """Nothing is published of 8-bit weights on float32 values: they are between the two."""
    return (Arithmetic.INT8, Arithmetic.FLOAT32) if kind is Arithmetic.DYNAMIC else (kind,)


def _sources(kind: Arithmetic, device: Device) -> tuple[str, ...]:
    rows = (row.source for row in PUBLISHED if row.device is device and row.arithmetic in _kinds(kind))
    return tuple(dict.fromkeys(rows))
