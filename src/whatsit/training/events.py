"""What training and testing report while they run, as values: the terminal and the studio show the same."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Phase(StrEnum):
    """What is being counted outside of epochs."""

    READING = "reading"
    """Decoding training pictures into memory."""
    READING_VALIDATION = "reading-validation"
    CHOOSING_FIT = "choosing-fit"
    """Running the backbone on a sample of the training pictures, fitted in several ways."""
    EMBEDDING = "embedding"
    """Running the backbone on training pictures."""
    EMBEDDING_VALIDATION = "embedding-validation"
    FULL_NETWORK = "full-network"
    """Fine-tuning the full network that a narrow one is distilled from, in batches."""
    MEASURING = "measuring"
    """Running a trained network on its pictures, for the ranges of the int8 model."""
    TESTING = "testing"
    """Classifying held-out pictures."""
    COMPARING = "comparing"
    """Embedding training pictures, to find those that resemble a wrong one."""
    SAVING = "saving"
    """Quantising and writing the files; not counted."""


@dataclass(frozen=True, slots=True)
class Step:
    """``done`` of ``total`` pictures in a phase; ``total`` is 0 where nothing is counted."""

    phase: Phase
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Batch:
    """``done`` of ``total`` batches in epoch number ``epoch`` of ``epochs``."""

    epoch: int
    epochs: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training pictures. Losses are cross-entropies in nats, accuracies 0..1."""

    number: int
    """From 1; 0 is the head that cross-validation chose, or one fitted before the backbone is trained too."""
    total: int
    loss: float
    accuracy: float
    validation_loss: float
    """Not a number where there are no validation pictures, as ``validation_accuracy``."""
    validation_accuracy: float
    best: bool
    """Whether the model would come from this epoch if training stopped here."""


class Remark(StrEnum):
    """What a note is about."""

    NO_VALIDATION = "no-validation"
    UNKNOWN_LABELS = "unknown-labels"
    ALL_THE_SAME = "all-the-same"
    ONE_PER_CLASS = "one-per-class"
    LEFT_OUT = "left-out"
    INT8_LOSS = "int8-loss"
    GUESSED_NORMALISATION = "guessed-normalisation"
    CHOSEN = "chosen"
    FULL_NETWORK = "full-network"
    DEVICE = "device"
    DEVICE_FULL = "device-full"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know."""

    remark: Remark
    detail: str = ""
    """The labels or the error that it is about, where it is about one."""

    @property
    def text(self) -> str:
        """The note in one line."""
        return _TEXTS[self.remark].format(detail=self.detail)


_TEXTS = {
    Remark.NO_VALIDATION: "no validation pictures: every epoch runs and the last is kept",
    Remark.UNKNOWN_LABELS: "validation has {detail}, which training never saw: left out",
    Remark.ALL_THE_SAME: "all training pictures are the same: nothing tells the classes apart",
    Remark.ONE_PER_CLASS: (
        "the pictures of each class are all the same: the model will know that picture, not the class"
    ),
    Remark.LEFT_OUT: "left out: {detail}",
    Remark.INT8_LOSS: "{detail}; the float32 model beside it has no such loss",
    Remark.GUESSED_NORMALISATION: (
        "normalisation {detail} is a guess: the file does not say what its network sees of pixels"
    ),
    Remark.CHOSEN: "chosen: {detail}",
    Remark.FULL_NETWORK: (
        "the full network, which the narrow one learns from, is right on {detail} of the validation pictures"
    ),
    Remark.DEVICE: "computing on {detail}",
    Remark.DEVICE_FULL: "{detail} ran out of memory: training starts again on cpu; a smaller batch may fit",
    Remark.TIME: "about {detail}, from a few steps and pictures measured on this machine",
}

Event: TypeAlias = Step | Batch | Epoch | Note
OnEvent: TypeAlias = Callable[[Event], None]
Stop: TypeAlias = Callable[[], bool]
"""Asked now and then; True: end at once and keep the best so far."""


def ignore(event: Event) -> None:
    """The ``on_event`` of those who do not watch."""


def never() -> bool:
    """The ``stop`` of those who do not interrupt."""
    return False
