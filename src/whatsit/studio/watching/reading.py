"""What a model file from elsewhere takes, gives and assumes, as the Deploy page shows it."""

from collections.abc import Sequence
from pathlib import Path

from typing_extensions import TypedDict

from whatsit.imaging.image import ImageLike
from whatsit.models.admission import admit
from whatsit.models.inspection import Inspection, Tensor, inspect
from whatsit.studio.devices import DeviceView, device_views
from whatsit.tflite.reading_file import kept_normalise

_MOST_LABELS = 40
_MOST_KINDS = 12


class TensorView(TypedDict):
    """An input or output of the network."""

    name: str
    shape: str
    """Such as ``1 x 224 x 224 x 3``; a side that is free is ``?``."""
    dtype: str
    scale: float | None
    zero_point: int | None


class AssumptionView(TypedDict):
    """What the file leaves open; ``what`` is a word that the word lists have."""

    what: str
    value: str
    guess: bool


class TriedView(TypedDict):
    """How the model answers under one reading."""

    normalise: str
    fit: str
    colours: str
    sure: float
    consistent: float
    label: str
    """The class named most often."""
    assumed: bool


class ReadingView(TypedDict):
    """A model file as ``whatsit inspect`` has it."""

    inputs: list[TensorView]
    outputs: list[TensorView]
    operators: list[str]
    """Kinds with their numbers, the most frequent first."""
    multiply_adds: int
    devices: list[DeviceView]
    """Estimates of its time on other devices."""
    labels: list[str]
    """The first ones."""
    label_count: int
    label_source: str
    label_file: str
    files: list[str]
    """Names of the files inside."""
    normalise: str
    origin: str
    """How the normalisation is known."""
    kept: str | None
    """What a person chose, kept beside the file; None: nothing."""
    choosable: bool
    """Whether a normalisation can be chosen: not where the input's type leaves none."""
    fit: str
    assumptions: list[AssumptionView]
    problem: str
    """Why it is no classifier; empty where it is one."""
    tried: list[TriedView]


def reading_view(file: Path, pictures: Sequence[ImageLike] = ()) -> ReadingView:
    """Look into a model file, which is first tried in a separate process.

    Args:
        pictures: on which the plausible readings are compared; empty: none are.

    Raises:
        ModelError: it is missing or broken, or ends the process that tries it.
        DataError: the file beside it that says how it is read is damaged.
    """
    admit(file)
    found = inspect(file, pictures)
    kept = kept_normalise(file)
    return {
        "inputs": [_tensor(one) for one in found.inputs],
        "outputs": [_tensor(one) for one in found.outputs],
        "operators": [f"{number} {kind}" for kind, number in found.operators[:_MOST_KINDS]],
        "multiply_adds": found.multiply_adds,
        "devices": device_views(found.multiply_adds, found.arithmetic) if found.multiply_adds else [],
        "labels": list(found.labels[:_MOST_LABELS]),
        "label_count": len(found.labels),
        "label_source": found.labels_source,
        "label_file": found.labels_file,
        "files": list(found.files[:_MOST_LABELS]),
        "normalise": found.normalise,
        "origin": found.normalise_origin,
        "kept": None if kept is None else kept.text,
        "choosable": not found.problem and found.inputs[0].dtype != "uint8",
        "fit": found.fit,
        "assumptions": [{"what": one.what, "value": one.value, "guess": one.guess} for one in found.assumptions],
        "problem": found.problem,
        "tried": _tried(found),
    }


def _tried(found: Inspection) -> list[TriedView]:
    ordered = sorted(found.readings, key=lambda one: -one.sure * one.consistent)
    return [
        {
            "normalise": one.normalise, "fit": one.fit, "colours": one.colours, "sure": one.sure,
            "consistent": one.consistent, "label": one.labels[0][0] if one.labels else "", "assumed": one.assumed,
        }
        for one in ordered
    ]  # fmt: skip


def _tensor(one: Tensor) -> TensorView:
    shape = " x ".join("?" if side < 0 else str(side) for side in one.shape)
    return {"name": one.name, "shape": shape, "dtype": one.dtype, "scale": one.scale, "zero_point": one.zero_point}
