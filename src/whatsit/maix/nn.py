"""``maix.nn``: the classifier and the self-learning classifier, on LiteRT."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from whatsit.errors import ArgumentError
from whatsit.imaging.image import ImageLike
from whatsit.maix.device import say
from whatsit.maix.files import here
from whatsit.maix.image import Format, Image
from whatsit.maix.mud import Mud, read_mud
from whatsit.models import classifier
from whatsit.models.admission import admit
from whatsit.teaching import selflearn
from whatsit.teaching.maixpy_types import Err, FitLike, MaixFit, Size, as_fit, returned_code
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.normalisation import NormaliseLike

__all__ = ["Classifier", "SelfLearnClassifier"]

Picture: TypeAlias = Image | ImageLike
"""A ``maix.image.Image``, or what the rest of whatsit takes as a picture."""


class SelfLearnClassifier(selflearn.SelfLearnClassifier):
    """MaixPy's self-learning classifier for ``maix.image`` pictures and ``.mud`` files.

    Args:
        model: a ``.mud`` that names a ``.tflite`` without a top, or the ``.tflite``; one that is not there is stood in
            for by the built-in network, which is said. Empty waits for ``load_model``.
        dual_buff: as in ``whatsit.SelfLearnClassifier``.

    Raises:
        ModelError: the model cannot be read.
    """

    def __init__(self, model: str | os.PathLike[str] = "", dual_buff: bool = True) -> None:
        self._bgr = False
        super().__init__("", dual_buff)
        if model != "":
            self._take(model)

    def load_model(self, model: Any, *, normalise: Any = None) -> Err:
        """Change the backbone; codes as in ``whatsit.SelfLearnClassifier``."""
        return returned_code(lambda: self._take(model, normalise))

    def _take(self, model: Any, normalise: Any = None) -> None:
        found = _found(model, "classifier_no_top") if isinstance(model, str | os.PathLike) else model
        if isinstance(found, Mud):
            self._load_model(found.model, normalise or _for_file(found))
            self._bgr = found.bgr
        else:
            self._load_model(found, normalise)
            self._bgr = False

    def input_format(self) -> Format:
        """FMT_RGB888, FMT_BGR888 or FMT_GRAYSCALE, as the network takes its pictures."""
        return Format.FMT_BGR888 if self._bgr else super().input_format()

    def add_class(self, img: Picture, fit: FitLike | None = MaixFit.FIT_COVER, label: str | None = None) -> None:
        """A new class from one picture."""
        super().add_class(self._picture(img), fit, label)

    def add_sample(self, img: Picture, fit: FitLike | None = MaixFit.FIT_COVER, label: int | str | None = None) -> None:
        """A further picture of any of the classes."""
        super().add_sample(self._picture(img), fit, label)

    def classify(self, img: Picture, fit: FitLike | None = MaixFit.FIT_COVER) -> list[tuple[int, float]]:
        """Every class as (index, distance), nearest first."""
        return super().classify(self._picture(img), fit)

    def classify_stream(
        self, imgs: Iterable[Picture], fit: FitLike | None = MaixFit.FIT_COVER
    ) -> Iterator[list[tuple[int, float]]]:
        """What ``classify`` answers for each of many pictures."""
        return super().classify_stream(map(self._picture, imgs), fit)

    def save(self, path: str | os.PathLike[str], labels: list[str] | None = None) -> Err:
        """Write the feature file; codes as in ``whatsit.SelfLearnClassifier``."""
        code = super().save(here(path), labels)
        if code is Err.ERR_NONE:
            self.label_path = os.fspath(path)
        return code

    def load(self, path: str | os.PathLike[str]) -> list[str]:
        """Take over a feature file; its labels, none where it has none.

        Raises:
            DataError: a missing or damaged file, or features of another backbone.
        """
        labels = super().load(here(path))
        self.label_path = os.fspath(path)
        return labels

    def _picture(self, img: Picture) -> ImageLike:
        return _pixels(img, self._bgr)


class Classifier:
    """MaixPy's classifier: ``(index, score)`` of every class, best first.

    Args:
        model: a ``.mud`` that names a ``.tflite``, or the ``.tflite``; one that is not there is stood in for by the
            built-in ImageNet network, which is said. Empty waits for ``load``.
        dual_buff: taken as in MaixPy; every answer is for the picture given.

    Raises:
        ModelError: the model cannot be read.
    """

    def __init__(self, model: str | os.PathLike[str] = "", dual_buff: bool = True) -> None:
        self.labels: list[str] = []
        self.label_path = ""
        self.mean: list[float] = []
        self.scale: list[float] = []
        self._bgr = False
        self._classifier: classifier.Classifier | None = None
        if model != "":
            self._take(model)

    def load(self, model: str | os.PathLike[str]) -> Err:
        """Load a model; ERR_ARGS where it cannot be read, and the log says why."""
        return returned_code(lambda: self._take(model))

    def classify(self, img: Picture, softmax: bool = True, fit: FitLike = MaixFit.FIT_COVER) -> list[tuple[int, float]]:
        """Every class as (index, score 0..1), best first.

        Args:
            img: of the network's format.
            softmax: False for raw values is refused: whatsit's scores are probabilities.
            fit: how the picture meets the network's input.

        Raises:
            ArgumentError: the picture's format is not the network's, or ``softmax`` is False.
        """
        model = self._model
        if not softmax:
            raise ArgumentError("softmax=False: the scores are probabilities here; leave it out")
        if isinstance(img, Image) and img.format() is not self.input_format():
            raise ArgumentError(f"a picture of {img.format().name}: the network takes {self.input_format().name}")
        pixels = model.preprocess.with_fit(as_fit(fit)).pixels(_pixels(img, self._bgr))
        return [(one.index, one.score) for one in model.classify_pixels(pixels, len(model.labels))]

    def input_size(self) -> Size:
        """Width and height in pixels."""
        return Size(self.input_width(), self.input_height())

    def input_width(self) -> int:
        """In pixels."""
        return self._model.preprocess.width

    def input_height(self) -> int:
        """In pixels."""
        return self._model.preprocess.height

    def input_format(self) -> Format:
        """FMT_RGB888, FMT_BGR888, or FMT_GRAYSCALE."""
        if self._model.preprocess.channels == 1:
            return Format.FMT_GRAYSCALE
        return Format.FMT_BGR888 if self._bgr else Format.FMT_RGB888

    def input_shape(self) -> list[int]:
        """[1, height, width, channels]"""
        prepared = self._model.preprocess
        return [1, prepared.height, prepared.width, prepared.channels]

    @property
    def _model(self) -> classifier.Classifier:
        if self._classifier is None:
            raise ArgumentError("no model is loaded: call load first")
        return self._classifier

    def _take(self, model: str | os.PathLike[str]) -> None:
        found = _found(model, "classifier")
        if isinstance(found, Mud):
            made = classifier.Classifier(found.model, found.labels, normalise=_for_file(found))
            self.label_path = str(found.labels) if isinstance(found.labels, Path) else ""
        else:
            made = classifier.Classifier(admit(found) if found is not None else None)
            self.label_path = ""
        self._bgr = isinstance(found, Mud) and found.bgr
        self._classifier, self.labels = made, list(made.labels)
        self.mean = [float(value) for value in made.normalisation.mean]
        self.scale = [1 / float(value) for value in made.normalisation.std]


def _found(model: str | os.PathLike[str], kind: str) -> Mud | Path | None:
    """What stands under a name of MaixPy's: a ``.mud``, a ``.tflite``, or None for the built-in network."""
    path = Path(here(model))
    try:
        is_there = path.exists()
    except OSError:  # /root of a computer may not be looked into
        is_there = False
    if not is_there and path.suffix == ".mud":
        say(f"{model}: not on this computer; the built-in network stands in")
        return None
    return read_mud(path, kind) if path.suffix == ".mud" else path


def _for_file(mud: Mud) -> NormaliseLike | None:
    """A network that takes uint8 has its normalisation inside, whatever the ``.mud`` says."""
    content = admit(mud.model)
    return None if Runtime(content, 1, str(mud.model)).input.dtype == np.uint8 else mud.normalise


def _pixels(img: Picture, bgr: bool) -> ImageLike:
    if not isinstance(img, Image):
        return img
    return np.ascontiguousarray(img.rgb()[..., ::-1]) if bgr else img.rgb()
