"""A feature file, and beside it the sidecar ``my_classes.bin.json`` for what MaixPy's format cannot hold.

The sidecar names the backbone and the fit, and keeps the embeddings of the classes' own pictures, the samples' labels
and the calibration. Two files cannot be replaced in one step, so the sidecar is written first and describes both the
feature file on disk and the one about to replace it, each by its SHA-256: after a power cut at any moment, one of the
two descriptions is that of the file on disk.
"""

import base64
import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whatsit.errors import DataError
from whatsit.files import read_bounded, write_file
from whatsit.heads.limits import Limits
from whatsit.heads.strangeness import UnknownRule
from whatsit.heads.unknown import Floats
from whatsit.imaging.preprocess import Fit, Preprocess
from whatsit.teaching.maixpy_file import Features, parse, serialise
from whatsit.teaching.support_set import Calibration, SupportSet
from whatsit.tflite.normalisation import Normalisation, parse_normalise
from whatsit.tflite.normalisation import Origin as NormalisationOrigin
from whatsit.validation import path as checked_path

MAX_BYTES = 2**28
"""256 MiB: far more than can be taught by hand, and still readable on a small board."""
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """The backbone and fit that features were taught with."""

    backbone: str | None = None
    """The backbone's id; None: not known, as for a feature file without a sidecar."""
    fit: Fit = Fit.COVER
    file: Path | None = None
    """Where the backbone's ``.tflite`` was; None: it is a built-in one."""
    normalise: str | None = None
    """What that file saw of pixel values, as ``parse_normalise`` reads it; None: as the file says."""


def save_features(
    path: str | os.PathLike[str],
    support: SupportSet,
    backbone: str,
    preprocess: Preprocess,
    file: str | os.PathLike[str] | None = None,
    normalisation: Normalisation | None = None,
) -> None:
    """Write the feature file and its sidecar; after a crash at any moment the old or the new pair can be read.

    Args:
        path: of the feature file.
        support: what was taught.
        backbone: its id.
        preprocess: how pictures were prepared; its fit is saved.
        file: the backbone's own ``.tflite``; None: it is a built-in one.
        normalisation: what that file saw; saved unless its integer type leaves no choice.

    Raises:
        ArgumentError: ``path`` is no path, or a label that the format cannot hold.
        DataError: 0 classes, or a folder that cannot be written to; nothing has changed then.
    """
    target = checked_path(path, "a feature file")
    if target.is_dir():
        raise DataError(f"cannot write {target}: it is a folder; name a file in it, such as my_classes.bin")
    named = any(label is not None for label in support.labels)
    labels = support.names if named else None
    content = serialise(Features(labels, support.centres, support.samples))
    sha256 = _sha256(content)
    record = {
        "sha256": sha256,
        "backbone": backbone,
        "fit": preprocess.fit,
        # Relative to the sidecar, so that a folder can be moved as a whole.
        "file": None if file is None else os.path.relpath(file, target.parent),
        **_normalise(file, normalisation),
        "named": [label is not None for label in support.labels],
        "owners": list(support.owners),
        "pictures": _encode(support.pictures),
        "unit_centres": _encode(support.unit_centres),
        "calibration": asdict(support.calibration),
        **_rule_record(support),
    }
    records = [record, *_on_disk(target, sha256)]
    sidecar = json.dumps({"whatsit_features": _FORMAT, "records": records}, indent=1)
    write_file(sidecar_path(target), sidecar.encode())
    write_file(target, content)


def load_features(path: str | os.PathLike[str], dim: int, backbone: str) -> SupportSet:
    """Read a feature file: ours with its sidecar, or any other, whose prototypes are then taken as the pictures.

    Args:
        path: of the feature file.
        dim: floats per embedding of the backbone in use.
        backbone: the id of the backbone in use.

    Raises:
        ArgumentError: ``path`` is no path.
        DataError: a missing or damaged file, features of another backbone, or a feature file that is not the one its
            sidecar describes.
    """
    target = checked_path(path, "a feature file")
    content = _read(target)
    records = _read_records(target)
    record = _matching(records, _sha256(content))
    taught_with = record and record.get("backbone")
    if taught_with not in (None, backbone):
        raise DataError(
            f"{target}: taught with backbone {str(taught_with)[:80]!r}, but {backbone!r} is in use; "
            "give that backbone, or teach again"
        )
    try:
        features = parse(content, dim)
    except DataError as error:
        raise DataError(f"{target}: {error}") from error
    if records and record is None:
        raise DataError(
            f"{target}: not the file that {sidecar_path(target).name} describes; restore it, or delete the "
            ".json to load the features alone"
        )
    if record is None or taught_with is None:
        return _foreign(features)
    try:
        return _restored(features, record)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _damaged(sidecar_path(target)) from error


def taught_with(path: str | os.PathLike[str]) -> Origin:
    """The backbone and fit that a feature file was taught with, as far as a sidecar says.

    Raises:
        ArgumentError: ``path`` is no path.
        DataError: a missing file or a damaged sidecar.
    """
    target = checked_path(path, "a feature file")
    record = _matching(_read_records(target), _sha256(_read(target))) or {}
    backbone, file = record.get("backbone"), record.get("file")
    try:
        return Origin(
            None if backbone is None else str(backbone),
            Fit(record.get("fit", Fit.COVER)),
            None if file is None else target.parent / file,
            _checked_normalise(record.get("normalise")),
        )
    except (TypeError, ValueError) as error:
        raise _damaged(sidecar_path(target)) from error


def sidecar_path(path: str | os.PathLike[str]) -> Path:
    """The sidecar of a feature file: ``my_classes.bin.json`` for ``my_classes.bin``."""
    return Path(f"{os.fspath(path)}.json")


def _normalise(file: object, normalisation: Normalisation | None) -> dict[str, str]:
    if file is None or normalisation is None or normalisation.origin is NormalisationOrigin.DTYPE:
        return {}
    return {"normalise": normalisation.text}


def _checked_normalise(value: Any) -> str | None:
    return None if value is None else parse_normalise(str(value)).text


def _foreign(features: Features) -> SupportSet:
    labels = features.labels or (None,) * len(features.classes)
    return SupportSet.of(labels, features.classes, features.samples, (None,) * len(features.samples))


def _restored(features: Features, record: dict[str, Any]) -> SupportSet:
    classes, dim = features.classes.shape
    named, owners, calibration = record["named"], record["owners"], record["calibration"]
    if len(named) != classes or not all(isinstance(one, bool) for one in named):
        raise ValueError("named")
    if features.labels is None and any(named):
        raise ValueError("named")
    if len(owners) != len(features.samples) or not all(_is_owner(owner, classes) for owner in owners):
        raise ValueError("owners")
    labels = features.labels or (None,) * classes
    unit_centres = _decode(record["unit_centres"], classes, dim)
    return SupportSet(
        labels=tuple(label if keep else None for label, keep in zip(labels, named, strict=True)),
        pictures=_decode(record["pictures"], classes, dim),
        centres=features.classes,
        unit_centres=unit_centres,
        samples=features.samples,
        owners=tuple(owners),
        calibration=Calibration(**{name: _length(calibration[name]) for name in asdict(Calibration())}),
        strangers=_decode(record["strangers"], -1, dim) if "strangers" in record else None,
        rule=_restored_rule(record, unit_centres),
    )


def _rule_record(support: SupportSet) -> dict[str, Any]:
    """The rule for *unknown* and the marked strangers; nothing where there are none, as earlier versions wrote it."""
    record: dict[str, Any] = {}
    if support.strangers is not None:
        record["strangers"] = _encode(support.strangers)
    rule = support.rule
    if rule is not None:
        directions = _encode(rule.strangers)
        record["unknown"] = {**rule.limits.to_dict(), "spread": _encode(rule.spread), "directions": directions}
    return record


def _restored_rule(record: dict[str, Any], unit_centres: Floats) -> UnknownRule | None:
    if "unknown" not in record:
        return None
    known, dim = record["unknown"], unit_centres.shape[1]
    spread, limits = _decode(known["spread"], 1, dim)[0], Limits.from_dict(known)
    directions = _decode(known["directions"], -1, dim)
    if not (spread > 0).all() or limits.layout is not None or bool(len(directions)) != (limits.marked is not None):
        raise ValueError("unknown")
    return UnknownRule(unit_centres, unit_centres, spread, directions, limits)


def _on_disk(target: Path, new: str) -> list[dict[str, Any]]:
    """The description of the feature file that is about to be replaced; empty if there is none."""
    try:
        old = _sha256(_read(target))
    except DataError:
        return []
    if old == new:
        return []
    try:
        known = _matching(_read_records(target), old)
    except DataError:
        known = None
    return [known or {"sha256": old, "backbone": None}]


def _read(path: Path) -> bytes:
    return read_bounded(path, MAX_BYTES, "a feature file such as my_classes.bin")


def _read_records(target: Path) -> list[dict[str, Any]]:
    sidecar = sidecar_path(target)
    if not sidecar.exists():
        return []
    try:
        document = json.loads(_read(sidecar))
        records = document["records"]
        if document["whatsit_features"] != _FORMAT or not records:
            raise ValueError("records")
        if not all(isinstance(record, dict) and isinstance(record["sha256"], str) for record in records):
            raise ValueError("records")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(sidecar) from error
    return list(records)


def _matching(records: list[dict[str, Any]], sha256: str) -> dict[str, Any] | None:
    return next((record for record in records if record["sha256"] == sha256), None)


def _damaged(sidecar: Path) -> DataError:
    return DataError(f"{sidecar}: damaged or of another version; delete it to load the features alone")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _encode(vectors: Floats) -> str:
    return base64.b64encode(vectors.astype("<f4").tobytes()).decode("ascii")


def _decode(text: str, rows: int, columns: int) -> Floats:
    vectors = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("not finite")
    return vectors.reshape(rows, columns)


def _is_owner(owner: object, classes: int) -> bool:
    return owner is None or (type(owner) is int and 0 <= owner < classes)


def _length(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ValueError("calibration")
    return float(value)
