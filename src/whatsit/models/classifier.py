"""Any ``.tflite`` image classifier, run correctly."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.builtin import builtin_model, imagenet_labels
from whatsit.backbones.builtin_id import last_layer
from whatsit.backbones.efficientnet_lite import MEAN, STD
from whatsit.errors import ArgumentError, ImageError, ModelError
from whatsit.heads.limits import by_distance
from whatsit.heads.linear import Prototypes
from whatsit.heads.strangeness import UnknownRule
from whatsit.heads.unknown import normalised
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import EARLIER_GAP, Fit, Preprocess, check_fit
from whatsit.models.assumption import Assumption, assumptions_of, silent_fit
from whatsit.models.card import ModelCard, read_card
from whatsit.models.corrected import Seen
from whatsit.models.labels import FoundLabels, find_labels
from whatsit.models.outputs import refuse_other_kinds, says_multi_label, score_output
from whatsit.models.prediction import Examined, Predictions, top_k
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.merge import with_embedding_output
from whatsit.tflite.metadata import ModelMetadata, read_metadata
from whatsit.tflite.network import Network, Outputs, input_preprocess, model_content
from whatsit.tflite.normalisation import Normalisation, NormaliseLike, normalisation_of
from whatsit.tflite.reading_file import normalise_of
from whatsit.validation import several, short


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
        normalise: NormaliseLike | None = None,
        output: int | str | None = None,
        multi_label: bool = False,
    ) -> None:
        """Load a model.

        Args:
            model: a ``.tflite`` file or its bytes; None: the built-in ImageNet network, int8 at 224 pixels.
            labels: a label file (``label`` or ``0 label`` a line) or the labels themselves; None: those inside the
                model, else those in a file beside it, else ``class 0``, ``class 1`` …
            threads: of the interpreter; None: one a core, at most four.
            fit: cover, contain or squash; None: what the file says; for a model that says
                nothing squash, or contain where it looks like Edge Impulse's.
            normalise: what the network sees: ``0..1``, ``-1..1``, ``0..255`` or (mean, std) in pixel units; None: what
                is kept beside the file (``tflite.reading_file``), what the file or its graph says, else a guess,
                which ``assumptions`` names. uint8 models take raw pixels: no other is accepted.
            output: number or name of the output with the scores; needed where there are several.
            multi_label: the model's sigmoids are scores of labels that do not exclude each other.

        Raises:
            ModelError: the file is missing, broken, or not a classifier of one picture.
            DataError: the labels cannot be read or their number is wrong; no such fit or normalisation.
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
        self._unknown: UnknownRule | None = None
        if self.card is not None and self.card.embedding is not None:
            self._prototypes = Prototypes.from_file(metadata.files, self.card.labels, self._name)
            if self.card.unknown is not None:
                self._unknown = UnknownRule.from_files(
                    metadata.files, self._prototypes.means, self.card.unknown, self._name
                )
            content = with_embedding_output(parsed, self.card.embedding)
        refuse_other_kinds(parsed, self._name)
        runtime = Runtime(content, threads, self._name)
        self.normalisation: Normalisation
        """What the network sees of pixel values, and how that is known."""
        asked = normalise_of(model if self.card is None else None, normalise)
        self.normalisation, preprocess = self._preprocess(runtime, parsed, metadata, model is None, fit, asked)
        self._network = Network(runtime, preprocess, self._name)
        ours = self._prototypes is not None
        multi_label = multi_label or says_multi_label(metadata)
        self._output = score_output(
            parsed, runtime.outputs, (preprocess.height, preprocess.width), self._name,
            asked=0 if ours and output is None else output, multi_label=multi_label,
        )  # fmt: skip
        if self._prototypes is not None and self._prototypes.dim != int(np.prod(runtime.outputs[1].shape)):
            raise ModelError(f"{self._name}: distances of {self._prototypes.dim} features do not go with the network")
        if self._output.is_embedding and labels is None and metadata.labels is None:
            raise ModelError(
                f"{self._name}: ends in {self._output.values} features ({self._output.ends_in}), not in class scores; "
                "give labels if they are classes, or teach on it as a backbone"
            )
        beside = Path(model) if isinstance(model, str | os.PathLike) else None
        found = find_labels(labels, defaults, metadata, beside, self._output.classes, self._name)
        self.labels: tuple[str, ...] = found.labels
        """The class names, in the order of the model's output."""
        self.found_labels: FoundLabels = found
        """The same, and where they come from."""
        silent = self.card is None and model is not None
        self.assumptions: tuple[Assumption, ...] = (
            assumptions_of(self.normalisation, preprocess, fit, found, self._output, metadata) if silent else ()
        )
        """What the file leaves open and was assumed; empty for models that whatsit made."""

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are prepared for the model."""
        return self._network.preprocess

    @property
    def knowledge(self) -> object:
        """What it answers by: while this is the same object, the same pixels have the same answer. For ``Live``."""
        return self  # nothing in it changes

    @property
    def takes(self) -> np.dtype[Any]:
        """The type of the model's input: uint8, int8 or float32."""
        return self._network.runtime.input.dtype

    @property
    def threads(self) -> int:
        """Threads of the interpreter."""
        return self._network.runtime.threads

    @property
    def threshold(self) -> float | None:
        """The strangeness above which a picture is unknown, 1; None: the model never says unknown."""
        card = self.card
        says = card is not None and self._prototypes is not None and (card.unknown or card.threshold) is not None
        return 1.0 if says else None

    def classify(self, image: ImageLike, top_k: int = 5) -> Predictions:
        """The best classes of one picture.

        Args:
            image: a path, bytes, a PIL image, or an RGB uint8 array of shape (height, width, 3).
            top_k: how many, best first; 1 or more.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: ``top_k`` is less than 1.
        """
        return self._answer(image, *self._network.timed(self.preprocess.pixels(image)), top_k)

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        """As ``classify``, for pixels that ``preprocess.pixels`` prepared."""
        return self._answer(None, *self._network.timed(pixels), top_k)

    def examine(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Examined:
        """As ``classify_pixels``, with the embedding and the distance to each class of the answer."""
        outputs, milliseconds = self._network.timed(pixels)
        predictions, distances = self._examined(None, outputs, milliseconds, top_k)
        embedding = self._last_layer(outputs[1]) if self._prototypes is not None else None
        return Examined(predictions, distances, embedding)

    def see(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Seen:
        """As ``classify_pixels``, with what corrected pictures are compared by."""
        outputs, milliseconds = self._network.timed(pixels)
        predictions = self._answer(None, outputs, milliseconds, top_k)
        if self._prototypes is None:
            return Seen(predictions)
        return Seen(predictions, np.asarray(normalised(outputs[1][np.newaxis])[0], np.float32), predictions.distance)

    @property
    def embedding_size(self) -> int | None:
        """Numbers in one embedding of ``examine``; None for a model that gives none."""
        prototypes = self._prototypes
        return None if prototypes is None else len(self._last_layer(np.ones(prototypes.dim, np.float32)))

    def _last_layer(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self.card is not None
        return np.asarray(normalised(last_layer(self.card.backbone, embedding)[np.newaxis])[0], np.float32)

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

        def finish(image: ImageLike, outputs: Outputs, milliseconds: float) -> Predictions:
            shown = image if isinstance(image, str | os.PathLike) else None
            return self._answer(shown, outputs, milliseconds, top_k)

        if errors not in ("raise", "return"):
            raise ArgumentError(f"errors {short(errors)}: expected raise or return")
        images = several(images)
        if errors == "raise":
            return self._network.map(images, finish)
        return self._network.map_or_error(images, finish)

    def _answer(self, image: object, outputs: Outputs, milliseconds: float, k: int) -> Predictions:
        return self._examined(image, outputs, milliseconds, k)[0]

    def _examined(
        self, image: object, outputs: Outputs, milliseconds: float, k: int
    ) -> tuple[Predictions, tuple[float, ...]]:
        values = outputs[self._output.index]
        if not np.isfinite(values).all():
            raise ModelError(f"{self._name}: gives scores that are not finite numbers; the file is damaged")
        scores = self._output.scores(values)
        best = top_k(scores, self.labels, k)
        if self._prototypes is None:
            return Predictions(best, image=image, milliseconds=milliseconds), ()
        distances = self._prototypes.distances(outputs[1])
        nearest = float(distances.min())
        assert self.card is not None
        found = by_distance(nearest, self.card.threshold) if self._unknown is None else self._unknown.judge(outputs[1])
        if found is None:
            answer = Predictions(best, False, nearest, image, milliseconds=milliseconds)
        else:
            answer = Predictions(
                best, found.unknown, nearest, image, milliseconds=milliseconds,
                strangeness=found.strangeness, unknown_by=found.by,
            )  # fmt: skip
        return answer, tuple(float(distances[one.index]) for one in best)

    def _preprocess(
        self, runtime: Runtime, parsed: Any, metadata: ModelMetadata, built_in: bool, fit: Fit | str | None,
        normalise: Normalisation | None,
    ) -> tuple[Normalisation, Preprocess]:  # fmt: skip
        mean, std = ((MEAN,), (STD,)) if built_in else (metadata.mean, metadata.std)
        own = Fit.COVER if built_in else silent_fit(runtime.input, metadata) if self.card is None else self.card.fit
        normalisation = normalisation_of(parsed, runtime.input, mean, std, normalise)
        chosen = check_fit(fit) if fit else own
        gap = EARLIER_GAP if self.card is None else self.card.reducing_gap
        mean, std = normalisation.mean, normalisation.std
        return normalisation, input_preprocess(runtime.input, chosen, mean, std, self._name, gap)

    def __repr__(self) -> str:
        return (
            f"Classifier({self._name!r}: {len(self.labels)} labels, {self.preprocess.width}x{self.preprocess.height})"
        )

    def _repr_html_(self) -> str:
        from whatsit.models.notebook import classifier_html

        return classifier_html(self._name, self.preprocess, self.labels, self.threshold)
