"""The built-in networks: built from their weights' packages once per size, kept in the user's cache."""

import contextlib
import hashlib
import importlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from whatsit.backbones.builtin_id import REVISION, check_builtin, kind
from whatsit.backbones.efficientnet_lite import Variant, build
from whatsit.backbones.ranges import builtin_ranges
from whatsit.backbones.torch_weights import read_weights
from whatsit.errors import DataError, ModelError
from whatsit.files import cache_folder, write_file
from whatsit.imaging.preprocess import Colour
from whatsit.plugins import EXTRAS
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.quantise import quantise, with_uint8_io


def builtin_model(
    name: str = "lite0", size: int = 224, dtype: str = "int8", *, top: bool = False, blocks: int | None = None,
    colour: Colour = Colour.RGB, multi_layer: bool = False,
) -> bytes:  # fmt: skip
    """The ``.tflite`` of a built-in network, from the cache or built now (under a second).

    int8 models take raw uint8 pixels, shape (1, size, size, channels); float32 models take ``(pixel - 127) / 128``.
    Of two processes that start together one builds and the other waits. Where the cache cannot be written the model is
    built in memory each time.

    Args:
        name: lite0, lite1 or lite2.
        size: input side in pixels, 32 to 512.
        dtype: arithmetic inside, ``int8`` or ``float32``.
        top: end in ImageNet's 1,000 scores; otherwise in the embedding.
        blocks: keep only the first blocks, this many; None: all.
        colour: grey takes one channel.
        multi_layer: see ``efficientnet_lite.build``; for backbones.

    Raises:
        ModelError: unknown name, size, arithmetic or depth; weights missing or altered.
        MissingExtraError: Lite1 and Lite2 come with extras.
    """
    variant = check_builtin(name, size, dtype)
    form = f"{kind(blocks, multi_layer, colour)}-{'imagenet' if top else 'backbone'}"
    file = cache_folder() / f"efficientnet-{name}{form}-{size}-{dtype}.{REVISION}.model"
    cached = _read_cached(file)
    if cached is not None:
        return cached
    with _locked(file):
        cached = _read_cached(file)
        if cached is not None:
            return cached
        content = _build(variant, size, dtype, top, blocks, colour, multi_layer)
        # With a read-only or full cache every start takes a second longer, and everything else works.
        with contextlib.suppress(DataError):
            write_file(file, hashlib.sha256(content).digest() + content)
        return content


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1,000 class names of ILSVRC 2012 in the models' order; NOTICE names their source."""
    text = files("whatsit.backbones").joinpath("data/imagenet_labels.txt").read_text("utf-8")
    return tuple(text.splitlines())


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


def _read_cached(file: Path) -> bytes | None:
    try:
        stored = file.read_bytes()
    except OSError:
        return None
    digest, content = stored[:32], stored[32:]
    # Damaged, or half-written by another program: build it again.
    return content if hashlib.sha256(content).digest() == digest else None


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One process builds at a time; without a lock where the folder, the platform or the disk does not allow one."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            file.parent.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context(file.with_suffix(".lock").open("w"))
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
