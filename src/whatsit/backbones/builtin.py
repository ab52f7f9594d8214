"""The built-in networks: made from their weights' packages once per size, kept in the user's cache."""

import contextlib
import hashlib
import importlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

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
    VARIANTS,
    Variant,
    build,
    multi_layer_blocks,
)
from whatsit.backbones.torch_weights import read_weights
from whatsit.errors import DataError, ModelError
from whatsit.files import write_file
from whatsit.imaging.preprocess import Colour
from whatsit.plugins import EXTRAS
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.quantise import quantise, with_uint8_io
from whatsit.validation import short

_ID = re.compile(r"efficientnet-(lite\d)(?:-(\d{1,2})blocks)?(-halves)?(-grey)?@(\d{1,4})-(int8|float32)\.(\d+)")
SIZES = range(32, 513, 32)
Range = tuple[float, float]
DTYPES = ("int8", "float32")
REVISION = 1
"""Raised whenever the numbers a built-in network gives change: it is part of every backbone's id and cache file."""


def builtin_id(
    name: str = "lite0", size: int = 224, dtype: str = "int8", blocks: int | None = None, colour: Colour = Colour.RGB,
    multi_layer: bool = False,
) -> str:  # fmt: skip
    """The id of a built-in backbone, e.g. ``efficientnet-lite0@224-int8.1``.

    Raises:
        ModelError: no such network, size, or arithmetic.
    """
    check_builtin(name, size, dtype)
    return f"efficientnet-{name}{_kind(blocks, multi_layer, colour)}@{size}-{dtype}.{REVISION}"


def is_builtin_id(id: str) -> bool:  # noqa: A002
    """Whether this names a built-in backbone, of this revision or another."""
    return _ID.fullmatch(id) is not None


def _kind(blocks: int | None, multi_layer: bool, colour: Colour) -> str:
    depth = "" if blocks is None else f"-{blocks}blocks"
    return depth + ("-halves" if multi_layer else "") + ("-grey" if colour is Colour.GREY else "")


class BuiltinParts(NamedTuple):
    """What a built-in backbone's id names, in the order ``builtin_id`` takes it."""

    name: str
    size: int
    dtype: str
    blocks: int | None
    colour: Colour
    multi_layer: bool


def parse_builtin_id(id: str) -> BuiltinParts:  # noqa: A002
    """The parts of a built-in backbone's id.

    Raises:
        ModelError: the id is of a file's backbone, of another revision, or not an id at all.
    """
    match = _ID.fullmatch(id)
    if match is None:
        way_out = (
            "it is in a .tflite file: give that file as  --backbone"
            if id.startswith("sha256:")
            else "train again from the pictures;  whatsit train  writes int8 and float32"
        )
        raise ModelError(f"backbone {id[:80]!r} is not a built-in one: {way_out}")
    name, blocks, multi_layer, grey, size, dtype, _revision = match.groups()
    colour = Colour.GREY if grey else Colour.RGB
    parts = BuiltinParts(name, int(size), dtype, int(blocks) if blocks else None, colour, bool(multi_layer))
    if builtin_id(*parts) != id:
        raise ModelError(f"backbone {id!r}: this whatsit has {builtin_id(*parts)!r}; teach again from the pictures")
    return parts


def check_builtin(name: str, size: int, dtype: str) -> Variant:
    """The variant called ``name``.

    Raises:
        ModelError: no such network, size, or arithmetic.
    """
    if name not in VARIANTS:
        raise ModelError(f"backbone {short(name)}: expected one of {', '.join(VARIANTS)}, or a .tflite file")
    if size not in SIZES:
        raise ModelError(f"input size {size!r}: expected a multiple of 32 from {SIZES[0]} to {SIZES[-1]}")
    if dtype not in DTYPES:
        raise ModelError(f"arithmetic {dtype!r}: expected one of {', '.join(DTYPES)}")
    return VARIANTS[name]


def builtin_model(
    name: str = "lite0", size: int = 224, dtype: str = "int8", *, top: bool = False, blocks: int | None = None,
    colour: Colour = Colour.RGB, multi_layer: bool = False,
) -> bytes:  # fmt: skip
    """The ``.tflite`` of a built-in network, from the cache or built now (under a second).

    int8 models take raw uint8 pixels; float32 models take ``(pixel - 127) / 128``. Two processes that start together
    build once: the second waits. Where the cache cannot be written the model is built in memory each time.

    Args:
        top: the ImageNet classifier; otherwise the backbone, ending in its embedding.
        blocks: see ``efficientnet_lite.build``.
        colour: grey takes one channel.
        multi_layer: see ``efficientnet_lite.build``; for backbones.

    Raises:
        ModelError: unknown name, size, arithmetic or depth; weights missing or altered.
        MissingExtraError: Lite1 and Lite2 come with extras.
    """
    variant = check_builtin(name, size, dtype)
    kind = f"{_kind(blocks, multi_layer, colour)}-{'imagenet' if top else 'backbone'}"
    file = cache_folder() / f"efficientnet-{name}{kind}-{size}-{dtype}.{REVISION}.model"
    cached = _read_cached(file)
    if cached is not None:
        return cached
    with _locked(file):
        cached = _read_cached(file)
        if cached is not None:
            return cached
        content = _build(variant, size, dtype, top, blocks, colour, multi_layer)
        # A read-only or full cache costs a second at every start, not the use of the program.
        with contextlib.suppress(DataError):
            write_file(file, hashlib.sha256(content).digest() + content)
        return content


def cache_folder() -> Path:
    """``$WHATSIT_CACHE``, else ``whatsit`` under ``$XDG_CACHE_HOME`` or ``~/.cache`` (XDG base directories)."""
    own = os.environ.get("WHATSIT_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "whatsit"
    except RuntimeError:  # no home folder
        return Path("/nonexistent/whatsit")


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1,000 class names of ILSVRC 2012 in the models' order; their source is told in NOTICE."""
    text = files("whatsit.backbones").joinpath("data/imagenet_labels.txt").read_text("utf-8")
    return tuple(text.splitlines())


def builtin_ranges(
    variant: Variant, size: int, blocks: int | None = None, multi_layer: bool = False
) -> dict[str, tuple[float, float]]:
    """Activation ranges for int8 at ``size``, as ``tools/measure_ranges.py`` measured them."""
    ranges = dict(_measured_ranges(variant.name)[size])
    if blocks is not None:
        ranges[EMBEDDING] = ranges[f"{EMBEDDING}@{blocks}"]
    if multi_layer:
        ranges.update(_joined_ranges(ranges, blocks or len(variant.strides), blocks is None))
    ranges["image"] = INPUT_RANGE
    return ranges


HALF_WIDER = 1.25
"""A half's mean strays this much farther than the whole's: up to 1.3 times on pictures of clothing."""


def _joined_ranges(ranges: Mapping[str, Range], total: int, whole: bool) -> dict[str, Range]:
    """Of the parts of a joined embedding: int8 joins only what has one scale, so all have the widest range."""
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


INPUT_RANGE = (-MEAN / STD, (255 - MEAN) / STD)
"""Makes the int8 input's scale exactly 1/128: pixels pass unrounded."""


def _build(
    variant: Variant, size: int, dtype: str, top: bool, blocks: int | None, colour: Colour, multi_layer: bool
) -> bytes:
    weights = read_weights(weights_path(variant), variant.sha256)
    channels = 1 if colour is Colour.GREY else 3
    network = build(variant, weights, size, top=top, blocks=blocks, channels=channels, multi_layer=multi_layer)
    content = write_model(network)
    if dtype == "float32":
        return content
    return with_uint8_io(quantise(content, builtin_ranges(variant, size, blocks, multi_layer)))


def weights_path(variant: Variant) -> Path:
    """Where the package of ``variant`` keeps its ``.pth`` file.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        package = importlib.import_module(variant.package)
    except ImportError as error:
        if variant.extra is not None:
            raise EXTRAS[variant.extra].missing(f"backbone {variant.name}") from error
        raise ModelError(f"{variant.package} is not installed: run  pip install {variant.package}") from error
    return Path(getattr(package, variant.file_class).get_model_file_path())


@cache
def _measured_ranges(name: str) -> dict[int, dict[str, tuple[float, float]]]:
    text = files("whatsit.backbones").joinpath(f"data/ranges_{name}.json").read_text("utf-8")
    return {
        int(size): {tensor: (low, high) for tensor, (low, high) in ranges.items()}
        for size, ranges in json.loads(text)["ranges"].items()
    }


def _read_cached(file: Path) -> bytes | None:
    try:
        stored = file.read_bytes()
    except OSError:
        return None
    digest, content = stored[:32], stored[32:]
    # Damaged, or half written by a program that is not ours: built again.
    return content if hashlib.sha256(content).digest() == digest else None


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One builder at a time; no lock where the folder cannot be written, or the platform or its disk has none."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            file.parent.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context(file.with_suffix(".lock").open("w"))
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
