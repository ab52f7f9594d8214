"""Where a classifier's labels come from: the caller, the model itself, a file beside it, or nowhere."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whatsit.tflite.label_file import fitted_labels, labels_beside, read_labels
from whatsit.tflite.metadata import ModelMetadata
from whatsit.validation import labels as checked_labels


@dataclass(frozen=True, slots=True)
class FoundLabels:
    """A label per class, and where they were."""

    labels: tuple[str, ...]
    origin: str
    """As the end of a sentence: ``in labels.txt inside the model``."""
    made_up: bool = False
    """Whether they are ``class 0``, ``class 1`` …, since nothing names the classes."""


def find_labels(
    given: str | os.PathLike[str] | Sequence[str] | None,
    defaults: Sequence[str] | None,
    metadata: ModelMetadata,
    model: Path | None,
    classes: int,
    name: str,
) -> FoundLabels:
    """The labels of a model.

    Args:
        given: a label file or the labels themselves; first choice.
        defaults: of a built-in model.
        metadata: what the model says.
        model: its path, for files beside it; None where it has none.
        classes: how many it has.
        name: for errors.

    Raises:
        DataError: a file cannot be read, or the number of labels is another than that of the classes.
    """
    if isinstance(given, str | os.PathLike):
        return FoundLabels(fitted_labels(read_labels(given), classes, str(given)), f"in {given}")
    if given is not None:
        return FoundLabels(fitted_labels(checked_labels(given), classes, "the labels given"), "as given")
    if defaults is not None:
        return FoundLabels(tuple(defaults), "built in")
    if metadata.labels is not None:
        return FoundLabels(fitted_labels(metadata.labels, classes, f"labels inside {name}"), "inside the model")
    beside = labels_beside(model, classes) if model is not None else None
    if beside is not None:
        return FoundLabels(beside[0], f"in {beside[1].name} beside the model")
    made_up = tuple(f"class {index}" for index in range(classes))
    return FoundLabels(made_up, "made up: no file names the classes", made_up=True)
