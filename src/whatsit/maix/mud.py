"""``.mud`` files: MaixPy's short text beside a network, which says what it is and how pictures become its input."""

import configparser
import math
from dataclasses import dataclass
from pathlib import Path

from whatsit.errors import DataError, ModelError
from whatsit.files import read_bounded
from whatsit.tflite.normalisation import NormaliseLike

_MAX_BYTES = 2**16
_FOREIGN = (".cvimodel", ".axmodel", ".kmodel")


@dataclass(frozen=True, slots=True)
class Mud:
    """What a ``.mud`` file says of a network that runs here."""

    model: Path
    """The ``.tflite`` that it names."""
    kind: str
    """``classifier``, or ``classifier_no_top`` for a backbone."""
    bgr: bool
    """Whether the network takes blue first."""
    normalise: NormaliseLike | None
    """(mean, std) in pixel units; None: as the network's file says."""
    labels: tuple[str, ...] | Path | None
    """In the file, or in one beside it; None: inside the network's file."""


def read_mud(path: Path, kind: str) -> Mud:
    """Read a ``.mud`` that names a ``.tflite``.

    Args:
        path: of the file.
        kind: what is wanted: ``classifier`` or ``classifier_no_top``.

    Raises:
        ModelError: it is missing or no such file, is of another kind, or names a network that only a board runs.
    """
    try:
        text = read_bounded(path, _MAX_BYTES).decode()
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        basic, extra = parser["basic"], parser["extra"] if parser.has_section("extra") else {}
        named = basic["model"]
    except (DataError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, DataError) else "expected [basic] with model = FILE"
        raise ModelError(f"{path}: no .mud file that can be read: {reason}") from error
    if named.endswith(_FOREIGN):
        raise ModelError(f"{path}: names {named}, which only its board runs; name a .tflite instead")
    if Path(named).name != named or not named.endswith(".tflite"):
        raise ModelError(f"{path}: model = {named}: expected the name of a .tflite in the same folder")
    said = extra.get("model_type", kind)
    if said != kind:
        raise ModelError(f"{path}: model_type = {said}: expected {kind}")
    order = extra.get("input_type", "rgb")
    if order not in ("rgb", "bgr"):
        raise ModelError(f"{path}: input_type = {order}: expected rgb or bgr")
    return Mud(
        path.with_name(named), kind, order == "bgr", _normalise(path, extra.get("mean"), extra.get("scale")),
        _labels(path, extra.get("labels")),
    )  # fmt: skip


def _normalise(path: Path, mean: str | None, scale: str | None) -> NormaliseLike | None:
    if mean is None and scale is None:
        return None
    try:
        means, scales = ([float(number) for number in (text or "").split(",")] for text in (mean, scale))
    except ValueError:
        means = scales = []
    numbers = [*means, *scales]
    if len(means) not in (1, 3) or len(scales) not in (1, 3) or not all(map(math.isfinite, numbers)) or 0 in scales:
        raise ModelError(f"{path}: mean and scale: expected one or three numbers each, scale not 0")
    return means, [1 / scale for scale in scales]


def _labels(path: Path, labels: str | None) -> tuple[str, ...] | Path | None:
    if labels is None:
        return None
    if "," in labels:
        return tuple(label.strip() for label in labels.split(","))
    if Path(labels).name != labels:
        raise ModelError(f"{path}: labels = {labels}: expected the name of a file in the same folder")
    return path.with_name(labels)
