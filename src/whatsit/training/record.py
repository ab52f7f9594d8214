"""A training on disk: the model in both arithmetics, and beside them how it was made."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whatsit.errors import DataError, ModelError
from whatsit.files import write_files
from whatsit.training.design import Design
from whatsit.training.events import Epoch
from whatsit.training.train import Training
from whatsit.version import VERSION

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TAKEN = ("-float32", "-validation", ".training")
"""Ends of names that would be taken for the files beside another model."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of the model called ``name`` in ``folder``."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DataError(f"model name {self.name!r}: expected letters, digits, '-', '_' and '.', 64 at most")

    @property
    def int8(self) -> Path:
        """The model that is used."""
        return self.folder / f"{self.name}.tflite"

    @property
    def float32(self) -> Path:
        """The same before quantising; missing where the backbone was quantised already."""
        return self.folder / f"{self.name}-float32.tflite"

    @property
    def record(self) -> Path:
        """Design and learning curves."""
        return self.folder / f"{self.name}.training.json"

    def report(self, split: str = "test") -> Path:
        """The report on ``split`` for people; the one for programs has the suffix ``.json``."""
        return self.folder / (f"{self.name}.html" if split == "test" else f"{self.name}-{split}.html")

    @property
    def reports(self) -> tuple[Path, ...]:
        """Every file that tells how good the model is."""
        pages = [self.report(split) for split in ("test", "validation")]
        pages += [page.with_name(page.name.replace(self.name, self.float32.stem, 1)) for page in pages]
        return tuple(file for page in pages for file in (page, page.with_suffix(".json")))

    def check_new(self) -> None:
        """Refuse a name that is kept for another file.

        Raises:
            DataError: it is.
        """
        if self.name == "sweep" or self.name.endswith(_TAKEN):
            raise DataError(f"model name {self.name!r}: is kept for another file; choose another name")


def save_training(files: ModelFiles, training: Training) -> None:
    """Write the files, the model in use last; killed before that, the previous one stays in use with its reports.

    Raises:
        DataError: the folder cannot be written.
    """
    content = training.model.to_tflite("int8")
    try:
        whole: bytes | None = training.model.to_tflite("float32")
    except ModelError:  # the backbone is a quantised file: there is no float32 of it
        whole = None
    record = {
        "made_with": f"whatsit {VERSION}",
        "design": training.design.to_dict(),
        "stopped": training.stopped,
        "pictures": training.model.pictures,
        "left_out": [str(error) for error in training.unreadable],
        "history": [_plain(epoch) for epoch in training.history],
    }
    written = {files.record: (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode(), files.int8: content}
    write_files(written if whole is None else {files.float32: whole, **written})
    if whole is None:
        files.float32.unlink(missing_ok=True)
    for report in files.reports:  # of the model before
        report.unlink(missing_ok=True)


def load_record(files: ModelFiles) -> tuple[Design | None, tuple[Epoch, ...]]:
    """The design and the curves of a saved training; nothing where there is no record.

    Raises:
        DataError: the record is damaged.
    """
    try:
        data = json.loads(files.record.read_text("utf-8"))
        history = tuple(Epoch(**_numbers(epoch)) for epoch in data["history"])
        return Design.from_dict(data["design"]), history
    except FileNotFoundError:
        return None, ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{files.record}: damaged ({error}); delete it or train again") from error


def _plain(epoch: Epoch) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value for key, value in asdict(epoch).items()
    }


def _numbers(epoch: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in epoch.items()}
