"""What a training tells while it runs, as values: the terminal, the studio and the report read the same."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A count within a phase, such as embedding or an epoch's pictures."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training pictures. Losses are cross-entropies in nats, accuracies 0..1."""

    number: int
    """From 1; 0 is a head fitted on the frozen backbone, before the backbone learns too."""
    total: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    best: bool
    """Whether this is the one that would be kept if training stopped here."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know, in one line."""

    text: str


Event = Step | Epoch | Note
OnEvent = Callable[[Event], None]
Stop = Callable[[], bool]
"""Asked now and then; True: end at once and keep the best so far."""
