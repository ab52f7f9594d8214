"""The last test of a model as the studio keeps it: every picture's answer beside the report's figures."""

from pathlib import Path
from typing import NotRequired

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from whatsit.errors import DataError
from whatsit.evaluation.caution import cautions
from whatsit.files import read_bounded
from whatsit.studio.devices import DeviceView, device_views
from whatsit.tflite.multiply_adds import Arithmetic


class JudgedView(TypedDict):
    """A test picture and what the model says of it."""

    id: str
    label: str
    predicted: str
    score: float
    unknown: bool


class NeighbourView(TypedDict):
    """A training picture that resembles a test picture."""

    id: str
    label: str
    distance: float


class ClassRow(TypedDict):
    """One class of the test."""

    label: str
    pictures: int
    precision: float | None
    recall: float | None
    f1: float


class CalibrationRow(TypedDict):
    """The pictures whose best score lies in one bin."""

    score: float
    accuracy: float


class RejectionRow(TypedDict):
    """The share answered at some threshold, and the accuracy on it."""

    answered: float
    accuracy: float


class MeasurementRow(TypedDict):
    """What the model costs on this device; memory and size in bytes."""

    milliseconds: float
    milliseconds_p95: float
    memory: int
    size: int
    multiply_adds: int
    threads: int
    arithmetic: NotRequired[Arithmetic]
    """Missing in tests that earlier versions kept."""


class ModelView(TypedDict):
    """The figures of the int8 or the float32 model."""

    accuracy: float
    balanced_accuracy: NotRequired[float]
    """Missing in tests that earlier versions kept."""
    interval: tuple[float, float]
    right: int
    pictures: int
    macro_f1: float
    calibration_error: float
    answered: float
    accuracy_answered: float | None
    labels: list[str]
    confusion: list[list[int]]
    classes: list[ClassRow]
    calibration: list[CalibrationRow]
    rejection: list[RejectionRow]
    measurement: MeasurementRow


class ModelRow(ModelView):
    """The same with what cautions are made of."""

    never_taught: list[str]
    unreadable: list[str]


class ReportView(TypedDict):
    """A report for the page."""

    models: dict[str, ModelView]
    """``int8``, and ``float32`` where there is one."""
    devices: dict[str, list[DeviceView]]
    """Estimates of their time on other devices, by the same keys."""


class ReportRow(TypedDict):
    """A report as it is kept."""

    models: dict[str, ModelRow]


class TestRecord(TypedDict):
    """``.whatsit/tests/NAME.json``"""

    model: str
    """The SHA-256 of the int8 file that was tested."""
    split: str
    pictures: str
    """A digest of the pictures and their labels."""
    report: ReportRow
    answers: list[JudgedView]
    nearest: dict[str, list[NeighbourView]]
    """A wrong picture's id -> the training pictures most like it."""


class CautionView(TypedDict):
    """Something to know before trusting the figures."""

    kind: str
    """One of ``whatsit.evaluation.caution.CautionKind``."""
    points: float
    pictures: int
    labels: list[str]


class TestView(TypedDict):
    """A test for the page."""

    split: str
    report: ReportView
    answers: list[JudgedView]
    nearest: dict[str, list[NeighbourView]]
    cautions: list[CautionView]
    changed: bool
    """Whether the pictures of the split have changed since."""


_MAX_BYTES = 2**28
_RECORD = TypeAdapter(TestRecord)


def read_test(path: Path) -> TestRecord | None:
    """The record in a file; None where there is none, or one that cannot be understood: testing again replaces it."""
    try:
        return _RECORD.validate_json(read_bounded(path, _MAX_BYTES, "a test"))
    except (DataError, ValidationError):
        return None


def test_view(record: TestRecord, changed: bool) -> TestView:
    """A record with what the page shows beside it."""
    found = cautions(record["report"]["models"])
    views: list[CautionView] = [
        {"kind": one.kind.value, "points": one.points, "pictures": one.pictures, "labels": list(one.labels)}
        for one in found
    ]
    models: dict[str, ModelView] = {**record["report"]["models"]}
    devices = {
        name: device_views(one["measurement"]["multiply_adds"], one["measurement"].get("arithmetic", Arithmetic(name)))
        for name, one in models.items()
    }
    return {
        "split": record["split"], "report": {"models": models, "devices": devices}, "answers": record["answers"],
        "nearest": record["nearest"], "cautions": views, "changed": changed,
    }  # fmt: skip
