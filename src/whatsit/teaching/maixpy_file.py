"""MaixPy's file of learned features: ``my_classes.bin``, version 0, byte for byte.

Little-endian, packed: u8 version = 0, i32 n classes, i32 m samples, i32 f floats per feature, u8 has_labels, then (if
has_labels) n UTF-8 labels each ended by a zero byte, n*f float32 of classes, m*f float32 of samples.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ArgumentError, DataError

_HEADER = struct.Struct("<BiiiB")
_FLOAT = np.dtype("<f4")
_MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The content of a feature file.

    Raises:
        DataError: no classes, shapes that do not agree, or a number that is not finite.
        ArgumentError: labels that are not one per class, contain a zero byte or cannot be written as UTF-8.
    """

    labels: tuple[str, ...] | None
    """One per class; None: the file has no labels."""
    classes: NDArray[np.float32]
    """Shape (n, f), n and f at least 1: a prototype per class."""
    samples: NDArray[np.float32]
    """Shape (m, f); m can be 0."""

    def __post_init__(self) -> None:
        if self.classes.ndim != 2 or self.samples.ndim != 2 or self.classes.shape[1] != self.samples.shape[1]:
            raise DataError(
                f"features of shapes {self.classes.shape} and {self.samples.shape}: expected "
                "(classes, floats) and (samples, floats) with as many floats each"
            )
        if 0 in self.classes.shape:
            raise DataError("0 classes: a feature file needs at least one; add a class first")
        if max(*self.classes.shape, len(self.samples)) > _MAX_COUNT:
            raise DataError(f"more than {_MAX_COUNT:,} classes or samples: a feature file cannot count them")
        for name, values in (("class", self.classes), ("sample", self.samples)):
            _check_finite(name, values)
        if self.labels is not None:
            check_labels(self.labels, len(self.classes))


def check_labels(labels: Sequence[str], classes: int) -> None:
    """Refuse labels that a feature file cannot carry.

    Raises:
        ArgumentError: not one label per class, a zero byte in a label, or text that is not Unicode.
    """
    if len(labels) != classes:
        raise ArgumentError(f"{len(labels)} labels for {classes} classes: give one per class")
    for label in labels:
        if not isinstance(label, str):
            raise ArgumentError(f"label {label!r}: a label is text")
        if "\0" in label:
            raise ArgumentError(
                f"label {label[:40]!r}: contains a zero byte, which ends a label in the file; remove it"
            )
        try:
            label.encode()
        except UnicodeEncodeError as error:
            raise ArgumentError(f"label {label[:40]!r}: cannot be written as UTF-8; rename it") from error


def serialise(features: Features) -> bytes:
    """The bytes of the file; ``parse`` gives the same features back, bit for bit."""
    header = _HEADER.pack(
        0,
        len(features.classes),
        len(features.samples),
        features.classes.shape[1],
        features.labels is not None,
    )
    names = b"".join(label.encode() + b"\0" for label in features.labels or ())
    return b"".join((header, names, features.classes.astype(_FLOAT).tobytes(),
                     features.samples.astype(_FLOAT).tobytes()))  # fmt: skip


def parse(content: bytes, dim: int | None = None) -> Features:
    """Read a file's bytes. Every size is checked against ``len(content)`` before anything is allocated.

    Args:
        content: the whole file.
        dim: floats per feature that the backbone gives; None: what the file says.

    Raises:
        DataError: another version, another ``dim``, a file too short or too long for what it announces,
            counts below 0 (classes: below 1), labels that are not UTF-8, NaN or infinity.
    """
    if not content:
        raise DataError("the file is empty")
    if content[0] != 0:
        raise DataError(f"version {content[0]}: only version 0 of my_classes.bin is known; not a feature file?")
    if len(content) < _HEADER.size:
        raise DataError(f"truncated: {len(content)} bytes, the header alone has {_HEADER.size}")
    _, n, m, f, has_labels = _HEADER.unpack_from(content)
    if n < 1 or m < 0 or f < 1 or has_labels > 1:
        raise DataError(
            f"impossible header ({n} classes, {m} samples, {f} floats per feature, labels {has_labels}): "
            "the file is damaged or not a feature file"
        )
    if dim is not None and f != dim:
        raise DataError(
            f"{f} floats per feature, but the backbone gives {dim}: the file belongs to another model; load it with"
            " that one, or teach anew"
        )
    names_size = len(content) - _HEADER.size - (n + m) * f * _FLOAT.itemsize
    if names_size < (n if has_labels else 0):
        raise DataError(f"truncated: {len(content):,} bytes are too few for {n} classes and {m} samples of {f} floats")
    if not has_labels and names_size:
        raise DataError(f"{names_size:,} bytes more than {n} classes and {m} samples of {f} floats need")
    start = _HEADER.size + names_size
    labels = _labels(content[_HEADER.size : start], n) if has_labels else None
    vectors = np.frombuffer(content, _FLOAT, (n + m) * f, start).astype(np.float32).reshape(n + m, f)
    return Features(labels, vectors[:n], vectors[n:])


def _labels(names: bytes, n: int) -> tuple[str, ...]:
    if names.count(b"\0") != n or names[-1] != 0:
        raise DataError(f"expected {n} labels, each ended by a zero byte; the file is damaged")
    try:
        return tuple(name.decode() for name in names[:-1].split(b"\0"))
    except UnicodeDecodeError as error:
        raise DataError("a label is not UTF-8: the file is damaged") from error


def _check_finite(name: str, values: NDArray[np.float32]) -> None:
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise DataError(f"{name} {int(np.argmin(finite))} has a feature that is NaN or infinite; teach it again")
