"""Activation ranges of the built-in networks for int8: measured once, shipped, the same on every machine."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from whatsit.backbones.efficientnet_lite import (
    EMBEDDING,
    LAST,
    LOWER,
    MEAN,
    MULTI_LAYER_GAIN,
    ROWS,
    SCALED,
    STD,
    UPPER,
    Variant,
    multi_layer_blocks,
)

Range = tuple[float, float]
INPUT_RANGE = (-MEAN / STD, (255 - MEAN) / STD)
"""Makes the int8 input's scale exactly 1/128: pixels pass unrounded."""
MEASURED = range(32, 513, 32)
"""Input sides in pixels at which ranges were measured."""
HALF_WIDER = 1.25
"""Factor from a whole map's range to that of a half's mean: it varies up to 1.3 times as much on clothing."""


def builtin_ranges(
    variant: Variant, size: int, blocks: int | None = None, multi_layer: bool = False
) -> dict[str, Range]:
    """Activation ranges for int8 of ``variant`` at ``size``, as ``tools/measure_ranges.py`` measured them.

    At a size between two measured ones each tensor gets a range that holds those at both.

    Returns:
        (lowest, highest) by the tensor's name.
    """
    ranges = _measured_around(variant.name, size)
    if blocks is not None:
        ranges[EMBEDDING] = ranges[f"{EMBEDDING}@{blocks}"]
    if multi_layer:
        ranges.update(_multi_layer_ranges(ranges, blocks or len(variant.strides), blocks is None))
    ranges["image"] = INPUT_RANGE
    return ranges


def _measured_around(name: str, size: int) -> dict[str, Range]:
    measured = _measured_ranges(name)
    below, above = size // MEASURED.step * MEASURED.step, -(-size // MEASURED.step) * MEASURED.step
    smaller, larger = measured[below], measured[above]
    return {
        tensor: (min(low, larger[tensor][0]), max(high, larger[tensor][1])) for tensor, (low, high) in smaller.items()
    }


def _multi_layer_ranges(ranges: Mapping[str, Range], total: int, whole: bool) -> dict[str, Range]:
    """Of the parts of a multi-layer embedding: int8 concatenates only equal scales, so all get the widest range."""
    parts = [
        (f"{EMBEDDING}@{index + 1}", _output(ranges, index), f"{EMBEDDING}@{index + 1}", MULTI_LAYER_GAIN)
        for index in range(*multi_layer_blocks(total, whole))
    ]
    last = "_conv_head" if whole else _output(ranges, total - 1)
    parts.append((LAST, last, EMBEDDING, 1.0 if whole else MULTI_LAYER_GAIN))
    found: dict[str, Range] = {}
    joined = []
    for name, layer, mean, gain in parts:
        low, high = (HALF_WIDER * end for end in ranges[mean])
        joined.append((gain * low, gain * high))
        for half in (UPPER, LOWER):
            found[f"{name}{half}{ROWS}"] = ranges[layer]
            found[f"{name}{half}"] = low, high
    widest = (min(low for low, _ in joined), max(high for _, high in joined))
    ends = [f"{name}{half}{'' if gain == 1 else SCALED}" for name, _, _, gain in parts for half in (UPPER, LOWER)]
    return found | dict.fromkeys([*ends, EMBEDDING], widest)


def _output(ranges: Mapping[str, Range], block: int) -> str:
    """The tensor that a block ends in: the sum with its input where it has one."""
    total = f"_blocks.{block}.add"
    return total if total in ranges else f"_blocks.{block}._project_conv"


@cache
def _measured_ranges(name: str) -> dict[int, dict[str, tuple[float, float]]]:
    text = files("whatsit.backbones").joinpath(f"data/ranges_{name}.json").read_text("utf-8")
    return {
        int(size): {tensor: (low, high) for tensor, (low, high) in ranges.items()}
        for size, ranges in json.loads(text)["ranges"].items()
    }
