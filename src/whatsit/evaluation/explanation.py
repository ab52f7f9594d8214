"""Why a model gave an answer: the taught pictures nearest to it, where the network looked, which rule said unknown."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin import builtin_model
from whatsit.errors import DataError
from whatsit.evaluation.looked_at import Look, LookedAt, activation_look, occlusion_look
from whatsit.evaluation.nearest_taught import Neighbour, TaughtPictures, taught_pictures
from whatsit.heads.linear import LinearHead
from whatsit.imaging.image import ImageLike
from whatsit.live.recogniser import Recogniser
from whatsit.models.card import read_card
from whatsit.models.classifier import Classifier
from whatsit.models.prediction import Predictions
from whatsit.models.taught_model import normalises
from whatsit.tflite.cut import embedding_tensor
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.merge import tensor_names
from whatsit.tflite.metadata import read_files
from whatsit.tflite.network import model_content
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.tflite.pooled import last_layer
from whatsit.training.events import OnEvent, ignore

NEAREST = 3
"""Taught pictures shown of each of the best two classes."""
_CLASSES = 2


@dataclass(frozen=True, slots=True)
class ClassEvidence:
    """One of the best two classes, and the taught pictures of it that are most like the picture."""

    label: str
    score: float
    """0..1"""
    nearest: tuple[Neighbour, ...]
    """Nearest first; empty where no taught pictures are known."""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a model gave its answer for one picture."""

    predictions: Predictions
    """The answer."""
    pixels: NDArray[np.uint8]
    """What the network saw of the picture: shape (height, width, 3 or 1)."""
    looked_at: LookedAt
    """Where it found what speaks for the best class."""
    classes: tuple[ClassEvidence, ...]
    """The best two, best first; one where the model has no second."""
    threshold: float | None
    """What ``predictions.distance`` is held against, where the model tells unknown by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """Explains the answers of one model; opened once for many pictures, each then costs two runs of the network.

    Ten or eleven where the network's maps cannot be used.

    ``open_explainer`` makes one from a model file.
    """

    recogniser: Recogniser
    look: Look
    embed: Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None = None
    """Prepared pixels to the raw embedding that ``taught`` is compared by; None: nothing is compared."""
    taught: TaughtPictures | None = None
    threshold: float | None = None
    """Distance beyond which a picture is unknown."""

    def explain(self, picture: ImageLike) -> Explanation:
        """Why the model says what it says of a picture.

        Raises:
            ImageError: the picture cannot be read.
            DataError: nothing is taught yet.
        """
        return self.explain_pixels(self.recogniser.preprocess.pixels(picture))

    def explain_pixels(self, pixels: NDArray[np.uint8]) -> Explanation:
        """As ``explain``, for pixels that ``recogniser.preprocess.pixels`` prepared."""
        answer = self.recogniser.classify_pixels(pixels, max(5, _CLASSES))
        if not answer:
            raise DataError("nothing is taught yet, so there is no answer to explain; teach two things first")
        found = Explanation(answer, pixels, self.look(pixels, answer), (), self.threshold)
        return replace(found, classes=self.evidence(found))

    def evidence(self, found: Explanation) -> tuple[ClassEvidence, ...]:
        """The best two classes of an explanation of this model's, with the taught pictures that are known here.

        The network does not run again where it gave the embedding on the way.
        """
        best = found.predictions[:_CLASSES]
        near: list[tuple[Neighbour, ...]] = [() for _ in best]
        if self.taught is not None and self.embed is not None and self.taught.examples:
            embedding = found.looked_at.embedding
            embedding = self.embed(found.pixels) if embedding is None else embedding
            near = self.taught.nearest_of(embedding, NEAREST, [one.label for one in best])
        return tuple(ClassEvidence(one.label, one.score, some) for one, some in zip(best, near, strict=True))


def explain(
    model: str | os.PathLike[str] | bytes | None, picture: ImageLike,
    taught: Sequence[tuple[ImageLike, str]] = (), *, cache: str | os.PathLike[str] | None = None,
) -> Explanation:  # fmt: skip
    """Why a model says what it says of a picture.

    Args:
        model: a ``.tflite`` classifier or its bytes; None: the built-in ImageNet network.
        picture: a path, bytes, a PIL image, or an RGB uint8 array of shape (height, width, 3).
        taught: training pictures and their labels, of which the nearest are shown; the first call embeds them.
        cache: a folder for their embeddings, such as ``.whatsit/embeddings`` of a project.

    Raises:
        ModelError: the file is missing, broken, or not a classifier.
        ImageError: the picture cannot be read.
    """
    return open_explainer(model, taught, cache=cache).explain(picture)


def open_explainer(
    model: str | os.PathLike[str] | bytes | None, taught: Sequence[tuple[ImageLike, str]] = (), *,
    cache: str | os.PathLike[str] | None = None, normalise: NormaliseLike | None = None, threads: int | None = None,
    on_event: OnEvent = ignore,
) -> Explainer:  # fmt: skip
    """An explainer of a model file; see ``explain``.

    Args:
        normalise: what the network of a model from elsewhere sees of pixel values, as for ``Classifier``.
        threads: of the interpreters.
        on_event: called with the steps of embedding ``taught``.
    """
    classifier = Classifier(model, threads=threads, normalise=normalise)
    name, content = ("the built-in ImageNet model", builtin_model(top=True)) if model is None else model_content(model)
    known = None
    backbone = None
    if taught:
        asked = classifier.normalisation.text if classifier.card is None else None
        prepared = classifier.preprocess
        backbone = Backbone.from_file(
            content, fit=prepared.fit, normalise=asked, threads=threads, reducing_gap=prepared.reducing_gap
        )
        known = taught_pictures(backbone, taught, None if cache is None else Path(cache), on_event)
    look = _look(name, content, classifier) or occlusion_look(classifier)
    embed = None if backbone is None else backbone.embed_pixels
    return Explainer(classifier, look, embed, known, classifier.threshold)


def _look(name: str, content: bytes, classifier: Classifier) -> Look | None:
    parsed = read_model(content, name)
    files = read_files(content, name)
    card = read_card(files, name)
    if card is not None and card.embedding is not None:
        names = tensor_names(parsed)
        if card.embedding not in names:
            return None
        head = LinearHead.from_file(files, card.labels, normalises(card), name)
        return activation_look(content, classifier.preprocess, head, name, names.index(card.embedding))
    tensor = embedding_tensor(parsed)
    layer = last_layer(parsed, tensor)
    if layer is None or len(layer[0]) != len(classifier.labels):
        return None
    head = LinearHead(*layer, classifier.labels, normalise=False)
    return activation_look(content, classifier.preprocess, head, name, tensor)
