"""What a worker process is asked to do, and what it reports: one JSON object per line in each direction."""

import math
from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.evaluation.sweep import TrialRow
from whatsit.studio.jobs.remarks import RemarkView
from whatsit.training.events import Batch, Epoch, Event, Note
from whatsit.training.setting import Value

Pairs: TypeAlias = list[tuple[str, str]]
"""Paths of pictures and their labels."""


class TrainJob(TypedDict):
    """Train a model and save it as ``folder/name.tflite``."""

    job: Literal["train"]
    project: str
    design: dict[str, Value]
    folder: str
    name: str
    training: Pairs
    validation: Pairs
    strangers: list[str]
    """Paths of training pictures that were marked as none of the classes."""
    cache: str


class TestJob(TypedDict):
    """Measure a model on the pictures of a split; write its reports, and ``result`` for the Test page."""

    job: Literal["test"]
    project: str
    folder: str
    name: str
    title: str
    split: Literal["test", "validation"]
    held: Pairs
    ids: list[str]
    """The pages' id of each picture in ``held``."""
    training: Pairs
    training_ids: list[str]
    pictures: str
    """A digest of ``held``, by which later changes are noticed."""
    trials: list[TrialRow]
    cache: str
    result: str


class SweepJob(TypedDict):
    """Measure every combination of sizes, backbones, widths and fits."""

    job: Literal["sweep"]
    project: str
    design: dict[str, Value]
    sizes: list[int]
    backbones: list[str]
    widths: list[float]
    """Of fine-tuned networks; empty: heads only."""
    fits: list[str]
    training: Pairs
    validation: Pairs
    strangers: list[str]
    """Paths of training pictures that were marked as none of the classes."""
    cache: str


class DeployJob(TypedDict):
    """Pack a model's folder for ``target`` into a zip archive."""

    job: Literal["deploy"]
    project: str
    model: str
    target: str
    taught: Pairs
    judged: Pairs
    archive: str


Job: TypeAlias = TrainJob | TestJob | SweepJob | DeployJob


class PhaseMessage(TypedDict):
    """A job's phase, and how far it is; ``total`` is 0 where nothing is counted."""

    kind: Literal["phase"]
    phase: str
    done: int
    total: int


class BatchMessage(TypedDict):
    """How far an epoch is."""

    kind: Literal["batch"]
    done: int
    total: int
    epochs: int
    """The most there will be."""


class EpochRow(TypedDict):
    """One epoch of a training; accuracies 0..1, None without validation pictures."""

    number: int
    loss: float | None
    accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    best: bool


class EpochMessage(TypedDict):
    """An epoch has ended."""

    kind: Literal["epoch"]
    epoch: EpochRow
    epochs: int
    """The most there will be."""


class NoteView(TypedDict):
    """Something a person should know about a training."""

    remark: str
    """One of ``whatsit.training.events.Remark``."""
    detail: str
    """The labels or the error that it is about."""


class NoteMessage(TypedDict):
    """Something a person should know."""

    kind: Literal["note"]
    note: NoteView


class TrialMessage(TypedDict):
    """A sweep has measured one design."""

    kind: Literal["trial"]
    trial: TrialRow
    trials: int
    """How many there will be."""


class DeployedMessage(TypedDict):
    """A folder is packed."""

    kind: Literal["deployed"]
    notes: list[RemarkView]
    """What to know before using it."""


class EndedMessage(TypedDict):
    """The last message of every job that comes to an end."""

    kind: Literal["ended"]
    error: str | None
    """Why it failed; None where it did not."""


Message: TypeAlias = (
    PhaseMessage | BatchMessage | EpochMessage | NoteMessage | TrialMessage | DeployedMessage | EndedMessage
)


def event_message(event: Event) -> PhaseMessage | BatchMessage | EpochMessage | NoteMessage:
    """What a job reports of an event."""
    if isinstance(event, Epoch):
        return {"kind": "epoch", "epoch": epoch_row(event), "epochs": event.total}
    if isinstance(event, Note):
        return {"kind": "note", "note": {"remark": event.remark.value, "detail": event.detail}}
    if isinstance(event, Batch):
        return {"kind": "batch", "done": event.done, "total": event.total, "epochs": event.epochs}
    return {"kind": "phase", "phase": event.phase.value, "done": event.done, "total": event.total}


def epoch_row(epoch: Epoch) -> EpochRow:
    """An epoch for the pages."""
    return {
        "number": epoch.number,
        "loss": _short(epoch.loss),
        "accuracy": _short(epoch.accuracy),
        "validation_loss": _short(epoch.validation_loss),
        "validation_accuracy": _short(epoch.validation_accuracy),
        "best": epoch.best,
    }


def _short(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None
