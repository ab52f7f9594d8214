"""The ids of the built-in backbones: ``efficientnet-lite0@224-int8.1``, kept with everything learnt on one."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones import BACKBONES
from whatsit.backbones.efficientnet_lite import LAST_CHANNELS, Variant
from whatsit.errors import ModelArgumentError, ModelError
from whatsit.imaging.preprocess import Colour
from whatsit.validation import short

SIZES = range(32, 513)
"""Input sides in pixels that the built-in networks can be built at."""
DEFAULT_SIZE = 224
DTYPES = ("int8", "float32")
REVISION = 1
"""Raised whenever the numbers a built-in network gives change: it is part of every backbone's id and cache file."""
_ID = re.compile(r"efficientnet-(lite\d)(?:-(\d{1,2})blocks)?(-halves)?(-grey)?@(\d{1,4})-(int8|float32)\.(\d+)")


class BuiltinParts(NamedTuple):
    """What a built-in backbone's id names, in the order ``builtin_id`` takes it."""

    name: str
    size: int
    dtype: str
    blocks: int | None
    colour: Colour
    multi_layer: bool


def builtin_id(
    name: str = "lite0", size: int = 224, dtype: str = "int8", blocks: int | None = None, colour: Colour = Colour.RGB,
    multi_layer: bool = False,
) -> str:  # fmt: skip
    """The id of a built-in backbone, such as ``efficientnet-lite0@224-int8.1``.

    Raises:
        ModelError: no such network, size, or arithmetic.
    """
    check_builtin(name, size, dtype)
    return f"efficientnet-{name}{kind(blocks, multi_layer, colour)}@{size}-{dtype}.{REVISION}"


def is_builtin_id(id: str) -> bool:  # noqa: A002
    """Whether this names a built-in backbone, of this revision or another."""
    return _ID.fullmatch(id) is not None


def parse_builtin_id(id: str) -> BuiltinParts:  # noqa: A002
    """The parts of a built-in backbone's id.

    Raises:
        ModelError: the id is of a file's backbone, of another revision, or not an id at all.
    """
    match = _ID.fullmatch(id)
    if match is None:
        foreign = f"backbone {id[:80]!r} is not a built-in one: "
        if id.startswith("sha256:"):
            inside = f"{foreign}it is in a .tflite file: "
            raise ModelError(f"{inside}give that file as  --backbone", on_page=f"{inside}choose it as the backbone")
        raise ModelError(
            f"{foreign}train again from the pictures;  whatsit train  writes int8 and float32",
            on_page=f"{foreign}train again from the pictures",
        )
    name, blocks, multi_layer, grey, size, dtype, _revision = match.groups()
    colour = Colour.GREY if grey else Colour.RGB
    parts = BuiltinParts(name, int(size), dtype, int(blocks) if blocks else None, colour, bool(multi_layer))
    if builtin_id(*parts) != id:
        raise ModelError(f"backbone {id!r}: this whatsit has {builtin_id(*parts)!r}; teach again from the pictures")
    return parts


def last_layer(id: str, embedding: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: A002
    """Of an embedding, shape (dim,), of several layers: the last layer's mean over the picture; another one as it is.

    It is a quarter as long, and what makes pictures alike to a person is in it.
    """
    layout = last_layer_layout(id)
    if layout is None:
        return embedding
    halves = embedding[-layout[0] * layout[1] :].reshape(layout)
    return np.asarray(halves.mean(axis=0), np.float32)


def last_layer_layout(id: str) -> tuple[int, int] | None:  # noqa: A002
    """How many means of how many channels end an embedding of several layers; None: it is of one layer."""
    match = _ID.fullmatch(id)
    return None if match is None or match[2] or not match[3] else (2, LAST_CHANNELS)


def check_builtin(name: str, size: int, dtype: str) -> Variant:
    """The variant of EfficientNet-Lite called ``name``.

    Raises:
        ModelError: no such network, size, or arithmetic.
    """
    row = BACKBONES.get(name)
    if row is None or row.variant is None:
        built_in = [name for name, row in BACKBONES.items() if row.variant is not None]
        raise ModelArgumentError(f"backbone {short(name)}: expected one of {', '.join(built_in)}, or a .tflite file")
    if size not in SIZES:
        raise ModelArgumentError(f"input size {size!r}: expected {SIZES[0]} to {SIZES[-1]} pixels")
    if dtype not in DTYPES:
        raise ModelArgumentError(f"arithmetic {dtype!r}: expected one of {', '.join(DTYPES)}")
    return row.variant


def kind(blocks: int | None, multi_layer: bool, colour: Colour) -> str:
    """The part of an id, and of a cache file's name, that says how the network differs from the whole one."""
    depth = "" if blocks is None else f"-{blocks}blocks"
    return depth + ("-halves" if multi_layer else "") + ("-grey" if colour is Colour.GREY else "")
