"""What a model file takes, gives and assumes, and how sure it is of pictures under each reading of it."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError, WhatsitError
from whatsit.imaging.image import ImageLike, load_image
from whatsit.imaging.preprocess import Fit
from whatsit.models.assumption import Assumption
from whatsit.models.classifier import Classifier
from whatsit.models.labels import FoundLabels, LabelSource
from whatsit.models.taught_model import evenly_sampled
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.metadata import read_metadata
from whatsit.tflite.multiply_adds import Arithmetic, arithmetic, multiply_adds
from whatsit.tflite.network import model_content
from whatsit.tflite.normalisation import RANGES, NormaliseLike, Origin
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import names_by_value, schema
from whatsit.validation import several

MOST_PICTURES = 20
"""Pictures that the readings are compared on; of more, these many are sampled evenly."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a graph."""

    name: str
    shape: tuple[int, ...]
    """As in the file; -1 for a side that is free."""
    dtype: str
    scale: float | None
    """Real value = scale * (stored - zero_point); None for floats."""
    zero_point: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model answers when its pictures are prepared in one of the plausible ways."""

    normalise: str
    fit: str
    colours: str
    """``rgb`` or ``bgr``."""
    sure: float
    """Mean score of the best class, 0..1."""
    consistent: float
    """Share of answers that stay the same when the picture is mirrored or cropped a little, 0..1."""
    labels: tuple[tuple[str, int], ...]
    """The classes named most often, with how often."""
    assumed: bool
    """Whether the model is read this way where nothing is asked for."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything a model file says of itself, and what was made of the rest."""

    name: str
    size: int
    """Bytes."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operators: tuple[tuple[str, int], ...]
    """Kinds of operators with their number, the most frequent first."""
    multiply_adds: int
    """Of one picture, in the convolutions and fully connected layers."""
    arithmetic: Arithmetic
    """What they are computed in."""
    labels: tuple[str, ...]
    labels_origin: str
    """Where they were, as the end of a sentence; empty where there are none."""
    labels_source: str
    """The same as a ``LabelSource``."""
    labels_file: str
    """The name of the file beside the model; empty where they are not from one."""
    title: str
    description: str
    files: tuple[str, ...]
    """Names of the files inside."""
    made_by_whatsit: bool
    normalise: str
    normalise_reason: str
    """Why, as the end of a sentence."""
    normalise_origin: str
    """The same as an ``Origin`` of ``tflite.normalisation``."""
    fit: str
    assumptions: tuple[Assumption, ...]
    problem: str
    """Why it cannot be used as a classifier; empty where it can."""
    readings: tuple[Reading, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and the studio."""
        return asdict(self)


def inspect(
    model: str | os.PathLike[str] | bytes, pictures: Sequence[ImageLike] = (), *,
    labels: str | os.PathLike[str] | Sequence[str] | None = None, output: int | str | None = None,
    multi_label: bool = False, normalise: NormaliseLike | None = None,
) -> Inspection:  # fmt: skip
    """Look into a model file, and try the plausible readings of it on pictures.

    Args:
        model: the path of a ``.tflite``, or its bytes.
        pictures: photographs of things it should know; at most ``MOST_PICTURES`` are looked at.
        labels: as for ``Classifier``; so are ``output``, ``multi_label`` and ``normalise``.

    Raises:
        ModelError: the file is missing or no TFLite model. One that is no classifier is inspected all the same.
        ImageError: a picture cannot be read.
    """
    name, content = model_content(model)
    parsed = read_model(content, name)
    metadata = read_metadata(content, parsed, name)
    graph = parsed.subgraphs[0]
    settings: dict[str, Any] = {"labels": labels, "output": output, "multi_label": multi_label}
    classifier: Classifier | None = None
    problem = ""
    try:
        classifier = Classifier(model, normalise=normalise, **settings)
    except WhatsitError as error:
        problem = str(error).removeprefix(f"{name}: ")
    found = FoundLabels(metadata.labels, LabelSource.INSIDE) if metadata.labels else None
    if classifier is not None:
        found = classifier.found_labels
    kinds = Counter(operator_name(parsed, operator) for operator in graph.operators)
    return Inspection(
        name, len(content),
        tuple(_tensor(graph.tensors[int(index)]) for index in graph.inputs),
        tuple(_tensor(graph.tensors[int(index)]) for index in graph.outputs),
        tuple(kinds.most_common()),
        *_counted(content),
        found.labels if found else (),
        found.origin if found else "",
        found.source.value if found else "",
        found.file if found else "",
        metadata.name, metadata.description, tuple(metadata.files),
        made_by_whatsit=classifier is not None and classifier.card is not None,
        normalise=str(classifier.normalisation) if classifier else "",
        normalise_reason=classifier.normalisation.reason if classifier else "",
        normalise_origin=classifier.normalisation.origin.value if classifier else "",
        fit=classifier.preprocess.fit.value if classifier else "",
        assumptions=classifier.assumptions if classifier else (),
        problem=problem,
        readings=tuple(_readings(model, classifier, pictures, settings)) if classifier and pictures else (),
    )  # fmt: skip


def _readings(
    model: str | os.PathLike[str] | bytes, classifier: Classifier, pictures: Sequence[ImageLike],
    settings: dict[str, Any],
) -> Iterator[Reading]:  # fmt: skip
    chosen = evenly_sampled(list(several(pictures)), MOST_PICTURES)
    arrays = [np.asarray(load_image(picture)) for picture in chosen]
    for normalise, fit, colours in product(_normalisations(classifier), Fit, ("rgb", "bgr")):
        own = normalise == classifier.normalisation.text
        asked = None if own and classifier.normalisation.origin is not Origin.CALLER else normalise
        read = Classifier(model, normalise=asked, fit=fit, **settings)
        sure, steady, names = [], [], []
        for array in arrays:
            first, *others = (_answer(read, view, colours) for view in _views(array))
            sure.append(first[1])
            names.append(first[0])
            steady += [label == first[0] for label, _ in others]
        assumed = fit == classifier.preprocess.fit and own and colours == "rgb"
        yield Reading(
            str(read.normalisation), fit.value, colours, float(np.mean(sure)), float(np.mean(steady)),
            tuple(Counter(names).most_common(3)), assumed,
        )  # fmt: skip


def _normalisations(classifier: Classifier) -> list[str]:
    """The plausible ones; a uint8 model leaves no choice, and a description inside is one more."""
    own = classifier.normalisation.text
    return [own] if classifier.takes == np.uint8 else list(dict.fromkeys([own, *RANGES]))


def _views(array: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The picture, its mirror image, and two crops of nine tenths."""
    height, width = len(array), len(array[0])
    down, right = height // 10, width // 10
    return [array, array[:, ::-1], array[: height - down, right:], array[down:, : width - right]]


def _answer(classifier: Classifier, array: NDArray[np.uint8], colours: str) -> tuple[str, float]:
    seen = np.ascontiguousarray(array[:, :, ::-1] if colours == "bgr" else array)
    best = classifier.classify(seen, 1)[0]
    return best.label, best.score


def _counted(content: bytes) -> tuple[int, Arithmetic]:
    try:
        return multiply_adds(content), arithmetic(content)
    except ModelError:
        return 0, Arithmetic.FLOAT32


def _tensor(tensor: Any) -> Tensor:
    shape = tensor.shapeSignature if tensor.shapeSignature is not None and len(tensor.shapeSignature) else tensor.shape
    sides = tuple(int(side) for side in (shape if shape is not None else ()))
    quantisation = tensor.quantization
    scales: Any = quantisation.scale if quantisation is not None and quantisation.scale is not None else ()
    zeros: Any = quantisation.zeroPoint if quantisation is not None and quantisation.zeroPoint is not None else ()
    name = tensor.name.decode("utf-8", "replace") if isinstance(tensor.name, bytes) else str(tensor.name or "")
    return Tensor(
        name, sides, _DTYPES.get(tensor.type, "another type").lower(), float(scales[0]) if len(scales) == 1 else None,
        int(zeros[0]) if len(zeros) == 1 else None,
    )  # fmt: skip


_DTYPES = names_by_value(schema.TensorType)
