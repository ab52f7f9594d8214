"""The built-in networks: made from their weights' packages once per size, kept in the user's cache."""

import contextlib
import hashlib
import importlib
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from whatsit.atomic_file import write_file
from whatsit.efficientnet_lite import EMBEDDING, MEAN, STD, VARIANTS, Variant, build
from whatsit.errors import DataError, MissingExtraError, ModelError
from whatsit.preprocess import Colour
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.quantise import quantise, with_uint8_border
from whatsit.torch_weights import read_weights

_ID = re.compile(r"efficientnet-(lite\d)(?:-(\d{1,2})blocks)?(-grey)?@(\d{1,4})-(int8|float32)\.(\d+)")
SIZES = range(32, 513, 32)
DTYPES = ("int8", "float32")
REVISION = 1
"""Raised whenever the numbers a built-in network gives change: it is part of every backbone's id and cache file."""


def builtin_id(
    name: str = "lite0", size: int = 224, dtype: str = "int8", blocks: int | None = None, colour: Colour = Colour.RGB
) -> str:
    """The id of a built-in backbone, e.g. ``efficientnet-lite0@224-int8.1``.

    Raises:
        ModelError: no such network, size, or arithmetic.
    """
    check_builtin(name, size, dtype)
    kind = ("" if blocks is None else f"-{blocks}blocks") + ("-grey" if colour is Colour.GREY else "")
    return f"efficientnet-{name}{kind}@{size}-{dtype}.{REVISION}"


def is_builtin_id(id: str) -> bool:  # noqa: A002
    """Whether this names a built-in backbone, of this revision or another."""
    return _ID.fullmatch(id) is not None


def parse_builtin_id(id: str) -> tuple[str, int, str, int | None, Colour]:  # noqa: A002
    """Name, size, arithmetic, blocks and colour of a built-in backbone's id.

    Raises:
        ModelError: the id is of a file's backbone, of another revision, or not an id at all.
    """
    match = _ID.fullmatch(id)
    if match is None:
        raise ModelError(f"backbone {id[:80]!r} is not a built-in one; teach again from the pictures")
    name, blocks, grey, size, dtype, _revision = match.groups()
    colour = Colour.GREY if grey else Colour.RGB
    parts = (name, int(size), dtype, int(blocks) if blocks else None, colour)
    if builtin_id(*parts) != id:
        raise ModelError(f"backbone {id!r}: this whatsit has {builtin_id(*parts)!r}; teach again from the pictures")
    return parts


def check_builtin(name: str, size: int, dtype: str) -> Variant:
    """The variant called ``name``.

    Raises:
        ModelError: no such network, size, or arithmetic.
    """
    if name not in VARIANTS:
        raise ModelError(f"backbone {name!r}: expected one of {', '.join(VARIANTS)}, or a .tflite file")
    if size not in SIZES:
        raise ModelError(f"input size {size}: expected a multiple of 32 from {SIZES[0]} to {SIZES[-1]}")
    if dtype not in DTYPES:
        raise ModelError(f"arithmetic {dtype!r}: expected one of {', '.join(DTYPES)}")
    return VARIANTS[name]


def builtin_model(
    name: str = "lite0", size: int = 224, dtype: str = "int8", *, top: bool = False, blocks: int | None = None,
    colour: Colour = Colour.RGB,
) -> bytes:  # fmt: skip
    """The ``.tflite`` of a built-in network, from the cache or built now (under a second).

    int8 models take raw uint8 pixels; float32 models take ``(pixel - 127) / 128``. Two processes that start together
    build once: the second waits. Where the cache cannot be written the model is built in memory each time.

    Args:
        top: the ImageNet classifier; otherwise the backbone, ending in its embedding.
        blocks: see ``efficientnet_lite.build``.
        colour: grey takes one channel.

    Raises:
        ModelError: unknown name, size, arithmetic or depth; weights missing or altered.
        MissingExtraError: Lite1 and Lite2 come with extras.
    """
    variant = check_builtin(name, size, dtype)
    kind = ("imagenet" if top else "backbone") + ("-grey" if colour is Colour.GREY else "")
    depth = "" if blocks is None else f"-{blocks}blocks"
    file = cache_folder() / f"efficientnet-{name}{depth}-{kind}-{size}-{dtype}.{REVISION}.model"
    cached = _read_cached(file)
    if cached is not None:
        return cached
    with _locked(file):
        cached = _read_cached(file)
        if cached is not None:
            return cached
        content = _build(variant, size, dtype, top, blocks, colour)
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
    text = files("whatsit").joinpath("data/imagenet_labels.txt").read_text("utf-8")
    return tuple(text.splitlines())


def builtin_ranges(variant: Variant, size: int, blocks: int | None = None) -> dict[str, tuple[float, float]]:
    """Activation ranges for int8 at ``size``, as ``tools/measure_ranges.py`` measured them."""
    ranges = dict(_measured_ranges(variant.name)[size])
    if blocks is not None and blocks < len(variant.strides):
        ranges[EMBEDDING] = ranges[f"{EMBEDDING}@{blocks}"]
    ranges["image"] = INPUT_RANGE
    return ranges


INPUT_RANGE = (-MEAN / STD, (255 - MEAN) / STD)
"""Makes the int8 input's scale exactly 1/128: pixels pass unrounded."""


def _build(variant: Variant, size: int, dtype: str, top: bool, blocks: int | None, colour: Colour) -> bytes:
    weights = read_weights(weights_path(variant), variant.sha256)
    channels = 1 if colour is Colour.GREY else 3
    content = write_model(build(variant, weights, size, top=top, blocks=blocks, channels=channels))
    if dtype == "float32":
        return content
    return with_uint8_border(quantise(content, builtin_ranges(variant, size, blocks)))


def weights_path(variant: Variant) -> Path:
    """Where the package of ``variant`` keeps its ``.pth`` file.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        package = importlib.import_module(variant.package)
    except ImportError as error:
        if variant.extra is not None:
            raise MissingExtraError(variant.package, variant.extra, f"backbone {variant.name}") from error
        raise ModelError(f"{variant.package} is not installed: run  pip install {variant.package}") from error
    return Path(getattr(package, variant.file_class).get_model_file_path())


@cache
def _measured_ranges(name: str) -> dict[int, dict[str, tuple[float, float]]]:
    text = files("whatsit").joinpath(f"data/ranges_{name}.json").read_text("utf-8")
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
