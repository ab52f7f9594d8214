"""A training on disk: the model as int8 and float32, and beside them how it was made."""

import contextlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whatsit.errors import ArgumentError, DataError
from whatsit.files import beneath, read_bounded, write_files
from whatsit.training.design import Design
from whatsit.training.events import Epoch
from whatsit.version import VERSION

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_UNUSABLE = re.compile(r"[^A-Za-z0-9._-]+")
MAX_RECORD_BYTES = 2**26
_RESERVED = ("-float32", "-validation", ".training")
"""Ends of names that would be mistaken for the files beside another model."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of the model called ``name`` in ``folder``."""

    folder: Path
    name: str

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> "ModelFiles":
        """The files of the model ``FOLDER/NAME.tflite``.

        Raises:
            ArgumentError: another suffix, or a name that cannot be used.
        """
        file = Path(path)
        if file.suffix != ".tflite":
            raise ArgumentError(f"{file}: expected the name of a .tflite file")
        return cls(file.parent, file.stem)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ArgumentError(f"model name {self.name!r}: expected letters, digits, '-', '_' and '.', at most 64")

    @property
    def int8(self) -> Path:
        """The model for use."""
        return self.folder / f"{self.name}.tflite"

    @property
    def float32(self) -> Path:
        """The model before quantising; missing where the backbone is a quantised file."""
        return self.folder / f"{self.name}-float32.tflite"

    @property
    def record(self) -> Path:
        """Design and learning curves."""
        return self.folder / f"{self.name}.training.json"

    def report(self, split: str = "test") -> Path:
        """The report on the pictures of ``split`` for people; for programs, the same name with ``.json``."""
        return self.folder / (f"{self.name}.html" if split == "test" else f"{self.name}-{split}.html")

    @property
    def reports(self) -> tuple[Path, ...]:
        """Every file that says how good the model is."""
        pages = [self.report(split) for split in ("test", "validation")]
        pages += [page.with_name(page.name.replace(self.name, self.float32.stem, 1)) for page in pages]
        return tuple(file for page in pages for file in (page, page.with_suffix(".json")))

    def check_new(self) -> None:
        """Refuse a name that is reserved for another file.

        Raises:
            DataError: it is.
        """
        if self.name == "sweep" or self.name.endswith(_RESERVED):
            raise ArgumentError(f"model name {self.name!r}: is reserved for another file; choose another name")


def suggested_name(design: Design) -> str:
    """A name for the model of ``design``: its backbone and size, as far as a file name can hold them."""
    if not design.uses("backbone"):
        return f"{design.network}-{design.size}"
    stem = _UNUSABLE.sub("-", Path(design.backbone).stem if design.on_file else design.backbone)
    stem = stem.lstrip("._-")[:40] or "model"
    if design.on_file:
        return stem
    depth = f"-{design.blocks}blocks" if design.blocks else ""
    width = f"-w{round(100 * design.width)}" if design.narrow else ""
    return f"{stem}{depth}{width}-{design.size}"


def write_training(
    files: ModelFiles, int8: bytes, float32: bytes | None, record: Mapping[str, Any], history: Sequence[Epoch]
) -> None:
    """Write a model and how it was made, the int8 file last; interrupted before that, the previous one stays in use.

    Raises:
        DataError: the folder cannot be written.
    """
    document = {"made_with": f"whatsit {VERSION}", **record, "history": [_plain(epoch) for epoch in history]}
    written = {files.record: (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode(), files.int8: int8}
    write_files(written if float32 is None else {files.float32: float32, **written})
    if float32 is None:
        with contextlib.suppress(OSError):
            beneath.unlink(files.float32, missing_ok=True)
    for report in files.reports:  # on the previous model
        with contextlib.suppress(OSError):
            beneath.unlink(report, missing_ok=True)


def load_record(files: ModelFiles) -> tuple[Design | None, tuple[Epoch, ...]]:
    """The design and the epochs of a saved training, from this version or an earlier one; (None, ()) without a record.

    Raises:
        DataError: the record is damaged.
    """
    try:
        if not files.record.exists():
            return None, ()
        data = json.loads(read_bounded(files.record, MAX_RECORD_BYTES, "the record of a training"))
        history = tuple(Epoch(**_numbers(epoch)) for epoch in data["history"])
        return Design.from_dict(data["design"]), history
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"{files.record}: damaged ({error}); delete it or train again") from error


def _plain(epoch: Epoch) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value for key, value in asdict(epoch).items()
    }


def _numbers(epoch: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in epoch.items()}
