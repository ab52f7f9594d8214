"""The models of a project and how each was made, for the pages: the history of runs."""

import contextlib
import hashlib
import json
from pathlib import Path

from typing_extensions import TypedDict

from whatsit.backbones import BACKBONES
from whatsit.errors import DataError
from whatsit.files import beneath, read_bounded
from whatsit.studio.jobs.job_messages import EpochRow, epoch_row
from whatsit.studio.jobs.test_record import TestRecord, read_test
from whatsit.tflite.network import read_model_file
from whatsit.tflite.reading_file import reading_file
from whatsit.training.record import MAX_RECORD_BYTES, ModelFiles, load_record
from whatsit.training.setting import Value

_FLOAT32 = "-float32"


class TestSummary(TypedDict):
    """The held-out test of a model."""

    accuracy: float
    """Of the int8 model, 0..1."""
    ms: float
    """Its median latency."""


class RunView(TypedDict):
    """One model of the project."""

    name: str
    time: float
    """When it was written, in seconds since 1970."""
    size: int
    """Bytes of the int8 file."""
    float32: int | None
    """Bytes of the float32 file."""
    design: dict[str, Value] | None
    """By setting; None where the model was made elsewhere."""
    headline: list[str]
    """The settings that tell the design from others."""
    backbone: str
    """The name of the design's backbone for people."""
    epochs: int
    best: EpochRow | None
    """The epoch that the model comes from."""
    test: TestSummary | None
    report: bool
    """Whether there is a report on it to download."""


class RunsView(TypedDict):
    """The models of the project, the newest first; the WebSocket message ``runs``."""

    runs: list[RunView]
    in_use: str
    """The name of the one that is used live; empty: none."""


class Runs:
    """Reads ``models/``; a model without a record, made elsewhere, is a run of unknown design.

    Args:
        folder: of the models.
        tests: of the tests' answers, which the studio keeps.
    """

    def __init__(self, folder: Path, tests: Path) -> None:
        self._folder = folder
        self._tests = tests
        self._tidy()

    def names(self) -> list[str]:
        """The newest first."""
        found = []
        for path in self._folder.glob("*.tflite"):
            with contextlib.suppress(DataError, OSError):
                files = ModelFiles(self._folder, path.stem)
                if not (path.stem.endswith(_FLOAT32) and self._is_run(path.stem.removesuffix(_FLOAT32))):
                    found.append((files.int8.stat().st_mtime, path.stem))
        return [name for _, name in sorted(found, reverse=True)]

    def files(self, name: str) -> ModelFiles:
        """The files of an existing model.

        Raises:
            DataError: there is none of that name.
        """
        files = ModelFiles(self._folder, name)
        if not files.int8.is_file():
            raise DataError(f"model {name!r}: there is none of that name; choose one of {', '.join(self.names()[:8])}")
        return files

    def new_files(self, name: str) -> ModelFiles:
        """The files of a model to be made.

        Raises:
            DataError: the name is taken or cannot be used.
        """
        files = ModelFiles(self._folder, name)
        files.check_new()
        if self._is_run(name):
            raise DataError(f"model name {name!r}: is taken; choose another name, or delete that model first")
        return files

    def free_name(self, wanted: str) -> str:
        """``wanted``, or with a number where it is taken."""
        numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, 10_000))
        return next(name for name in numbered if not self._is_run(name))

    def delete(self, name: str) -> None:
        """Delete a model and the files beside it, the model itself last.

        Raises:
            DataError: there is none of that name, or the folder cannot be written.
        """
        files = self.files(name)
        answers = [self.test_file(name, split) for split in ("test", "validation")]
        beside = (files.float32, files.record, *files.reports, *answers, reading_file(files.int8))
        try:
            for path in (*beside, files.int8):
                beneath.unlink(path, missing_ok=True)
        except OSError as error:
            raise DataError(f"cannot delete {name}: {error.strerror}; check the folder's permissions") from error

    def discard(self, name: str) -> None:
        """Delete what an unfinished training left; a finished one is untouched."""
        files = ModelFiles(self._folder, name)
        if not files.int8.exists():
            for path in (files.float32, files.record):
                with contextlib.suppress(OSError, DataError):
                    beneath.unlink(path)

    def test_file(self, name: str, split: str = "test") -> Path:
        """Where the answers of the last test on ``split`` are kept."""
        return self._tests / ModelFiles(self._tests, name).report(split).with_suffix(".json").name

    def test(self, name: str, split: str = "test") -> TestRecord | None:
        """The last test on ``split``; None where there was none, or where the model was trained again since.

        Raises:
            DataError: there is no such model.
        """
        files = self.files(name)
        found = read_test(self.test_file(name, split))
        if found is None or found["split"] != split:
            return None
        return found if found["model"] == hashlib.sha256(read_model_file(files.int8)).hexdigest() else None

    def epochs(self, name: str) -> list[EpochRow]:
        """The learning curves.

        Raises:
            DataError: there is no such model, or its record is damaged.
        """
        _, history = load_record(self.files(name))
        return [epoch_row(epoch) for epoch in history]

    def view(self) -> list[RunView]:
        """What the pages show of every model."""
        return [self._view(name) for name in self.names()]

    def _view(self, name: str) -> RunView:
        files = ModelFiles(self._folder, name)
        try:
            design, history = load_record(files)
        except DataError:  # the model itself is good
            design, history = None, ()
        best = next((epoch for epoch in reversed(history) if epoch.best), None)
        status = files.int8.stat()
        return {
            "name": name,
            "time": status.st_mtime,
            "size": status.st_size,
            "float32": files.float32.stat().st_size if files.float32.exists() else None,
            "design": design.to_dict() if design is not None else None,
            "headline": list(design.headline()) if design is not None else [],
            "backbone": backbone_title(design.backbone) if design is not None else "",
            "epochs": sum(epoch.number > 0 for epoch in history),
            "best": None if best is None else epoch_row(best),
            "test": self._test_summary(files),
            "report": _is_of(files.report(), files),
        }

    def _test_summary(self, files: ModelFiles) -> TestSummary | None:
        # From the JSON beside the model, which the command line writes too; only held-out pictures make a test.
        path = files.report().with_suffix(".json")
        try:
            found = json.loads(read_bounded(path, MAX_RECORD_BYTES, "a report"))
            if not _is_of(path, files) or found.get("split", "test") != "test":
                return None
            main = found["models"]["int8"]
            return {"accuracy": float(main["accuracy"]), "ms": float(main["measurement"]["milliseconds"])}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, DataError):
            return None

    def _is_run(self, name: str) -> bool:
        return (self._folder / f"{name}.tflite").exists()

    def _tidy(self) -> None:
        """Delete what a studio left that was ended while saving."""
        for record in self._folder.glob("*.training.json"):
            with contextlib.suppress(DataError, OSError):
                self.discard(record.name.removesuffix(".training.json"))


def backbone_title(name: str) -> str:
    """A backbone's name for people: the table's, or the file's."""
    row = BACKBONES.get(name)
    return Path(name).name if row is None else row.title


def _is_of(report: Path, files: ModelFiles) -> bool:
    """Whether there is a report that is not older than the model, and so not on the previous one."""
    try:
        return report.stat().st_mtime >= files.int8.stat().st_mtime
    except OSError:
        return False
