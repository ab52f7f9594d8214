"""Where a classifier's labels come from: the caller, the model itself, a file beside it, or nowhere."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from whatsit.tflite.label_file import fitted_labels, labels_beside, read_labels, unfit_beside
from whatsit.tflite.metadata import ModelMetadata
from whatsit.validation import labels as checked_labels


class LabelSource(StrEnum):
    """Where labels were."""

    GIVEN = "given"
    BUILT_IN = "built-in"
    INSIDE = "inside"
    """In the model file."""
    BESIDE = "beside"
    """In a file beside the model."""
    MADE_UP = "made-up"
    """Nowhere: they are ``class 0``, ``class 1`` …"""


_ORIGINS = {
    LabelSource.GIVEN: "as given",
    LabelSource.BUILT_IN: "built in",
    LabelSource.INSIDE: "inside the model",
    LabelSource.BESIDE: "in {file} beside the model",
    LabelSource.MADE_UP: "made up: no file names the classes",
}


@dataclass(frozen=True, slots=True)
class FoundLabels:
    """A label per class, and where they were."""

    labels: tuple[str, ...]
    source: LabelSource
    file: str = ""
    """The name of a file beside the model; of made-up labels, the one that does not fit."""

    @property
    def origin(self) -> str:
        """As the end of a sentence: ``in labels.txt beside the model``."""
        if self.source is LabelSource.MADE_UP and self.file:
            return f"made up: {self.file} beside the model does not fit its {len(self.labels):,} classes"
        return _ORIGINS[self.source].format(file=self.file)


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
        return FoundLabels(fitted_labels(read_labels(given), classes, str(given)), LabelSource.GIVEN)
    if given is not None:
        return FoundLabels(fitted_labels(checked_labels(given), classes, "the labels given"), LabelSource.GIVEN)
    if defaults is not None:
        return FoundLabels(tuple(defaults), LabelSource.BUILT_IN)
    if metadata.labels is not None:
        return FoundLabels(fitted_labels(metadata.labels, classes, f"labels inside {name}"), LabelSource.INSIDE)
    beside = labels_beside(model, classes) if model is not None else None
    if beside is not None:
        return FoundLabels(beside[0], LabelSource.BESIDE, beside[1].name)
    made_up = tuple(f"class {index}" for index in range(classes))
    return FoundLabels(made_up, LabelSource.MADE_UP, unfit_beside(model) if model is not None else "")
