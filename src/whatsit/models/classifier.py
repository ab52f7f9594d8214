"""Any ``.tflite`` image classifier, run correctly."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.builtin import builtin_model, imagenet_labels
from whatsit.backbones.efficientnet_lite import MEAN, STD
from whatsit.errors import ArgumentError, ImageError, ModelError
from whatsit.heads.linear import Prototypes
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit, Preprocess, check_fit
from whatsit.models.card import ModelCard, read_card
from whatsit.models.prediction import Predictions, softmax, top_k
from whatsit.tflite.cut import operator_name
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.label_file import fitted_labels, labels_beside, read_labels
from whatsit.tflite.merge import with_embedding_output
from whatsit.tflite.metadata import ModelMetadata, read_metadata
from whatsit.tflite.network import Network, input_preprocess, model_content
from whatsit.validation import labels as checked_labels
from whatsit.validation import several, short

_NORMALISED_BY = ("SOFTMAX", "LOGISTIC")
_EMBEDDING_ENDS = ("AVERAGE_POOL_2D", "MEAN", "L2_NORMALIZATION")
_PASSED_OVER = ("RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE")


class Classifier:
    """Labels and scores for pictures, from the built-in ImageNet network or any ``.tflite`` classifier.

    uint8, int8 and float32 models, with or without a softmax, of any number of classes. Normalisation and labels come
    from the file's metadata where it has them; models that whatsit made also bring their fit and the distance beyond
    which a picture is *unknown*.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | bytes | None = None,
        labels: str | os.PathLike[str] | Sequence[str] | None = None,
        threads: int | None = None,
        *,
        fit: Fit | str | None = None,
    ) -> None:
        """Load a model.

        Args:
            model: a ``.tflite`` file or its bytes; None: the built-in ImageNet network, int8 at 224 pixels.
            labels: a label file (``label`` or ``0 label`` a line) or the labels themselves; None: those inside the
                model, else those in a file beside it, else ``class 0``, ``class 1`` …
            threads: of the interpreter; None: one a core, at most four.
            fit: cover, contain or squash; None: what the file says; for a model that says
                nothing squash, or contain where it looks like Edge Impulse's.

        Raises:
            ModelError: the file is missing, broken, or not a classifier of one picture.
            DataError: the labels cannot be read or their number is wrong; no such fit.
        """
        if model is None:
            self._name, content = "the built-in ImageNet model", builtin_model(top=True)
            defaults: tuple[str, ...] | None = imagenet_labels()
        else:
            self._name, content = model_content(model)
            defaults = None
        parsed = read_model(content, self._name)
        metadata = read_metadata(content, parsed, self._name)
        self.card: ModelCard | None = read_card(metadata.files, self._name)
        self._prototypes: Prototypes | None = None
        if self.card is not None and self.card.embedding is not None:
            self._prototypes = Prototypes.from_file(metadata.files, self.card.labels, self._name)
            content = with_embedding_output(parsed, self.card.embedding)
        runtime = Runtime(content, threads, self._name)
        classes = _classes(runtime, 2 if self._prototypes is not None else 1, self._name)
        if self._prototypes is not None and self._prototypes.dim != int(np.prod(runtime.outputs[1].shape)):
            raise ModelError(f"{self._name}: distances of {self._prototypes.dim} features do not go with the network")
        preprocess = self._preprocess(runtime, metadata, built_in=model is None, fit=fit)
        self._network = Network(runtime, preprocess, self._name)
        last = _last_operator(parsed)
        self._has_scores = last in _NORMALISED_BY
        if last in _EMBEDDING_ENDS and labels is None and metadata.labels is None:
            raise ModelError(
                f"{self._name}: ends in {classes} features ({last}), not in class scores; give labels if they are "
                "classes, or teach on it as a backbone"
            )
        beside = Path(model) if isinstance(model, str | os.PathLike) else None
        self.labels: tuple[str, ...] = _find_labels(labels, defaults, metadata, beside, classes, self._name)
        """The class names, in the order of the model's output."""

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are prepared for the model."""
        return self._network.preprocess

    @property
    def threads(self) -> int:
        """Threads of the interpreter."""
        return self._network.runtime.threads

    @property
    def threshold(self) -> float | None:
        """Distance (0..2, on L2-normalised embeddings) beyond which a picture is unknown; None: never."""
        return self.card.threshold if self.card is not None else None

    def classify(self, image: ImageLike, top_k: int = 5) -> Predictions:
        """The best classes of one picture.

        Args:
            image: a path, bytes, a PIL image, or an RGB uint8 array of shape (height, width, 3).
            top_k: how many, best first; 1 or more.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: ``top_k`` is less than 1.
        """
        return self._answer(image, self._network.outputs(self.preprocess.pixels(image)), top_k)

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        """As ``classify``, for pixels that ``preprocess.pixels`` prepared."""
        return self._answer(None, self._network.outputs(pixels), top_k)

    @overload
    def classify_many(
        self, images: Iterable[ImageLike], top_k: int = 5, *, errors: Literal["raise"] = "raise"
    ) -> Iterator[Predictions]: ...
    @overload
    def classify_many(
        self, images: Iterable[ImageLike], top_k: int = 5, *, errors: Literal["return"]
    ) -> Iterator[Predictions | ImageError]: ...
    def classify_many(
        self, images: Iterable[ImageLike], top_k: int = 5, *, errors: Literal["raise", "return"] = "raise"
    ) -> Iterator[Predictions] | Iterator[Predictions | ImageError]:
        """The best classes of many pictures, in their order.

        Decoding and inference overlap on all cores; only a few pictures are in memory at a time.

        Args:
            errors: ``raise`` at an unreadable picture's place, or ``return`` the ImageError there and go on.

        Raises:
            ImageError: a picture cannot be read.
            ArgumentError: one picture instead of several, or another ``errors``.
        """

        def finish(image: ImageLike, outputs: tuple[NDArray[np.float32], ...]) -> Predictions:
            shown = image if isinstance(image, str | os.PathLike) else None
            return self._answer(shown, outputs, top_k)

        if errors not in ("raise", "return"):
            raise ArgumentError(f"errors {short(errors)}: expected raise or return")
        images = several(images)
        if errors == "raise":
            return self._network.map(images, finish)
        return self._network.map_or_error(images, finish)

    def _answer(self, image: object, outputs: tuple[NDArray[np.float32], ...], k: int) -> Predictions:
        scores = outputs[0]
        if not np.isfinite(scores).all():
            raise ModelError(f"{self._name}: gives scores that are not finite numbers; the file is damaged")
        if not self._has_scores and not _are_scores(scores):
            scores = softmax(scores)
        best = top_k(scores, self.labels, k)
        if self._prototypes is None:
            return Predictions(best, image=image)
        distance = float(self._prototypes.distances(outputs[1]).min())
        threshold = self.threshold
        return Predictions(best, threshold is not None and distance > threshold, distance, image)

    def _preprocess(
        self, runtime: Runtime, metadata: ModelMetadata, *, built_in: bool, fit: Fit | str | None
    ) -> Preprocess:
        mean, std = ((MEAN,), (STD,)) if built_in else (metadata.mean, metadata.std)
        own = Fit.COVER if built_in else _silent_fit(runtime, metadata) if self.card is None else self.card.fit
        return input_preprocess(runtime.input, check_fit(fit) if fit else own, mean, std, self._name)

    def _repr_html_(self) -> str:
        from whatsit.models.notebook import classifier_html

        return classifier_html(self._name, self.preprocess, self.labels, self.threshold)


def _silent_fit(runtime: Runtime, metadata: ModelMetadata) -> Fit:
    """The fit of a model that does not tell: squash, as MediaPipe, Frigate and most programs do.

    Except where int8 means pixel - 128 and there is no metadata: that is how Edge Impulse exports, which letterboxes
    or crops. Of its models at hand one is right only with contain, the other with any fit.
    """
    spec = runtime.input
    edge_impulse = spec.dtype == np.int8 and spec.zero_point == -128 and abs(spec.scale * 255 - 1) < 1e-4
    return Fit.CONTAIN if edge_impulse and metadata.mean is None and metadata.labels is None else Fit.SQUASH


def _classes(runtime: Runtime, outputs: int, name: str) -> int:
    shape = runtime.outputs[0].shape
    classes = int(np.prod(shape))
    if len(runtime.outputs) != outputs or classes < 2 or classes != shape[-1]:
        shapes = ", ".join(str(list(output.shape)) for output in runtime.outputs)
        raise ModelError(f"{name}: outputs {shapes}; expected a classifier with one row of scores, [1, classes]")
    return classes


def _last_operator(model: Any) -> str:
    """What the graph ends in, reshaping and requantising aside; empty where it computes nothing."""
    subgraph = model.subgraphs[0]
    writers = {int(output): operator for operator in subgraph.operators for output in operator.outputs}
    tensor = int(subgraph.outputs[0])
    while (operator := writers.get(tensor)) is not None and len(operator.inputs):
        kind = operator_name(model, operator)
        if kind not in _PASSED_OVER:
            return kind
        tensor = int(operator.inputs[0])
    return ""


def _are_scores(values: NDArray[np.float32]) -> bool:
    # Also seen: a softmax hidden in a custom operator. Rounding to 8 bits moves the sum of many small scores.
    return bool(values.min() >= 0 and values.max() <= 1 and abs(float(values.sum()) - 1) < 0.1)


def _find_labels(
    given: str | os.PathLike[str] | Sequence[str] | None,
    defaults: Sequence[str] | None,
    metadata: ModelMetadata,
    model: Path | None,
    classes: int,
    name: str,
) -> tuple[str, ...]:
    if given is not None:
        if isinstance(given, str | os.PathLike):
            return fitted_labels(read_labels(given), classes, str(given))
        return fitted_labels(checked_labels(given), classes, "the labels given")
    if defaults is not None:
        return tuple(defaults)
    if metadata.labels is not None:
        return fitted_labels(metadata.labels, classes, f"labels inside {name}")
    beside = labels_beside(model, classes) if model is not None else None
    return beside or tuple(f"class {index}" for index in range(classes))
