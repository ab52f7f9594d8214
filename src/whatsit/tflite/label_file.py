"""Label files: one class per line, as ``label`` or as ``0 label``."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from whatsit.errors import DataError
from whatsit.files import read_bounded

MAX_LABELS = 100_000
_MAX_BYTES = 2**24
_NUMBERED = re.compile(r"^(\d+)[ \t:,]+(\S.*)$")


def parse_labels(content: bytes, name: str) -> tuple[str, ...]:
    """Labels in order from ``label`` lines, or from ``0 label`` lines numbered 0, 1, 2 … (any order).

    Args:
        name: what to call the file in errors.

    Raises:
        DataError: not UTF-8, empty, or too long.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not a text file in UTF-8; expected one label per line") from error
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if not lines or len(lines) > MAX_LABELS or any("\0" in line for line in lines):
        raise DataError(f"{name}: {len(lines)} labels; expected one label per line, 1 to {MAX_LABELS:,} lines")
    numbered = [_NUMBERED.match(line) for line in lines if line]
    if all(numbered):
        pairs = {int(match[1]): match[2] for match in numbered if match}
        if sorted(pairs) == list(range(len(numbered))):
            return tuple(pairs[index] for index in range(len(pairs)))
    return tuple(lines)


def parse_plain_labels(content: bytes, name: str) -> tuple[str, ...]:
    """Labels as whatsit writes them into its models: each line is a label, also where it begins with a number.

    Raises:
        DataError: not UTF-8, empty, or too long.
    """
    try:
        lines = content.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not text in UTF-8; expected one label per line") from error
    if lines == [""] or len(lines) > MAX_LABELS:
        raise DataError(f"{name}: {len(lines)} labels; expected one label per line, 1 to {MAX_LABELS:,} lines")
    return tuple(line.removesuffix("\r") for line in lines)


def read_labels(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The labels in a label file.

    Raises:
        DataError: the file cannot be read or is not a label file.
    """
    return parse_labels(read_bounded(path, _MAX_BYTES, "a label file, one label per line"), str(path))


def fitted_labels(labels: Sequence[str], classes: int, name: str) -> tuple[str, ...]:
    """``labels`` for a model of ``classes`` outputs; the extra "background" of 1,001-class models is added or left out.

    Raises:
        DataError: the counts differ otherwise.
    """
    if len(labels) == classes:
        return tuple(labels)
    if len(labels) == classes - 1 == 1000:
        return ("background", *labels)
    if len(labels) - 1 == classes == 1000 and labels[0].lower() == "background":
        return tuple(labels[1:])
    raise DataError(
        f"{name}: {len(labels)} labels for a model of {classes} classes; give the label file that came with the model"
    )


def labels_beside(model: Path, classes: int) -> tuple[str, ...] | None:
    """Labels from a file next to the model: ``<model>.txt`` first, then ``labels.txt`` if its count fits.

    Raises:
        DataError: ``<model>.txt`` is there but has another number of labels.
    """
    for own in (model.with_suffix(".txt"), model.with_name(f"{model.stem}_labels.txt")):
        if own.is_file():
            return fitted_labels(read_labels(own), classes, str(own))
    for shared in ("labels.txt", "labelmap.txt"):
        file = model.with_name(shared)
        if file.is_file():
            try:
                return fitted_labels(read_labels(file), classes, str(file))
            except DataError:  # in a folder of many models, a common name can belong to another model
                continue
    return None
