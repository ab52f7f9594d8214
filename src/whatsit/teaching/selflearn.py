"""MaixPy's ``nn.SelfLearnClassifier``, its names and meaning, on top of ``FewShotClassifier``."""

import os
from typing import Self

import numpy as np

from whatsit.backbones.embedder import Embedder
from whatsit.errors import ArgumentError, DataError
from whatsit.heads.unknown import Floats, distances
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Colour, Fit, Preprocess
from whatsit.models.prediction import Predictions
from whatsit.teaching.double_buffer import DoubleBuffer
from whatsit.teaching.feature_store import save_features
from whatsit.teaching.few_shot import FewShotClassifier
from whatsit.teaching.inference import Pixels
from whatsit.teaching.maixpy_file import check_labels
from whatsit.teaching.support_set import SupportSet
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.validation import index as checked_index


class SelfLearnClassifier:
    """Classes from single pictures, refined by samples; the nearest prototype names a picture.

    The methods of MaixPy's class keep their names and meaning; where it returns an error code, this raises
    ``DataError``. Distances are Euclidean between raw embeddings, as in MaixPy: 0 is the same, smaller is more alike,
    and the scale is the backbone's. Added to it: labels on classes and samples, *unknown*, and files that say which
    backbone they belong to.

    Methods can be called from several threads; ``load_model`` should not be while another one classifies.

    Args:
        model: None for the built-in backbone, the path of a ``.tflite``, or any ``Embedder``.
        dual_buff: ``classify`` answers for the previous picture while this one is computed on another thread.
            Set it to False where every answer must be for the picture just given.
        normalise: what the network of a ``.tflite`` sees of pixel values, as for ``Classifier``.

    Raises:
        ModelError: the model cannot be read.
        ArgumentError: it is none of these.
    """

    def __init__(
        self, model: str | os.PathLike[str] | Embedder | None = None, dual_buff: bool = True, *,
        normalise: NormaliseLike | None = None,
    ) -> None:  # fmt: skip
        self.label_path = ""
        """The feature file last loaded or saved."""
        self._dual_buff = dual_buff
        self._few = FewShotClassifier(model, normalise=normalise)
        self._buffer = DoubleBuffer(self._few.embed_pixels)

    @property
    def few_shot(self) -> FewShotClassifier:
        """The classifier that this one adapts: what either is taught, both know. ``load_model`` replaces it."""
        return self._few

    @property
    def unknown_rate(self) -> float:
        """Share of taught things that the next ``learn`` lets be called unknown, 0 to below 1."""
        return self._few.unknown_rate

    @unknown_rate.setter
    def unknown_rate(self, rate: float) -> None:
        self._few.unknown_rate = rate

    def load_model(
        self, model: str | os.PathLike[str] | Embedder | None, *, normalise: NormaliseLike | None = None
    ) -> None:
        """Change the backbone. What was taught stays only if it is the same backbone.

        Raises:
            ModelError: the model cannot be read.
            DataError: classes or samples were taught with another backbone; ``clear`` first. The old one
                stays.
        """
        old = self._few
        new = FewShotClassifier(model, fit=old.fit, normalise=normalise, unknown_rate=old.unknown_rate)

        def handed_over(support: SupportSet) -> SupportSet:
            if new.backbone.id == old.backbone.id:
                new.edit(lambda _: support)
            elif support.labels or support.owners:
                raise DataError(
                    f"taught with backbone {old.backbone.id!r}: its features mean nothing to {new.backbone.id!r}; "
                    "save them and clear() first"
                )
            self._few, self._buffer = new, DoubleBuffer(new.embed_pixels)
            return support

        old.edit(handed_over)

    def add_class(self, img: ImageLike, fit: Fit | str | None = None, label: str | None = None) -> None:
        """A new class from one picture, at once in use; its index is ``class_num() - 1``.

        Args:
            fit: how the picture meets the square input: "cover", "contain" or "squash"; None: as the feature file
                loaded was taught, else as the backbone has it, which is cover unless chosen.
            label: its name; without one it is called "class" and its index.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: an unknown fit, or a label that exists or cannot be written to a feature file.
        """
        if label is not None:
            check_labels((label,), 1)

        def added(support: SupportSet) -> SupportSet:
            if label is not None and label in support.names:
                raise ArgumentError(f"label {label[:40]!r} exists: give more pictures of it to add_sample, or rename")
            return support.with_class(self._embed(img, fit), label)

        self._few.edit(added)

    def rm_class(self, idx: int) -> None:
        """Remove a class. Later classes move down by one; samples labelled with it are removed with it, while
        unlabelled samples stay, as in MaixPy, and go to other classes at the next ``learn``.

        Raises:
            ArgumentError: there is no such class.
        """
        self._few.edit(lambda support: support.without_class(checked_index(idx, "class", len(support.labels))))

    def class_num(self) -> int:
        """Number of classes."""
        return len(self._few.support.labels)

    def add_sample(self, img: ImageLike, fit: Fit | str | None = None, label: int | str | None = None) -> None:
        """A further picture of any of the classes, used by the next ``learn``.

        Args:
            fit: as in ``add_class``.
            label: the class it shows, by index or name; None lets ``learn`` find out.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: an unknown fit or class.
        """

        def added(support: SupportSet) -> SupportSet:
            owner = None if label is None else _owner(support, label)
            return support.with_samples(self._embed(img, fit), (owner,))

        self._few.edit(added)

    def rm_sample(self, idx: int) -> None:
        """Remove a sample; later ones move down by one. Classes keep what they learnt until the next
        ``learn``.

        Raises:
            ArgumentError: there is no such sample.
        """
        self._few.edit(lambda support: support.without_sample(checked_index(idx, "sample", len(support.owners))))

    def sample_num(self) -> int:
        """Number of samples, labelled and not."""
        return len(self._few.support.owners)

    @property
    def sample_labels(self) -> list[int | None]:
        """The class index each sample was labelled with, None where it was not."""
        return list(self._few.support.owners)

    def learn(self) -> int:
        """Move every class to the mean of its picture and its samples, and set the thresholds for *unknown*.

        Unlabelled samples are given to the nearest class, again and again until none changes; labelled ones
        stay where they were put. It always starts from the pictures, so the order of additions does not
        matter and learning again without a change does nothing.

        Returns:
            The rounds it took; 0 where nothing new was learnt.

        Raises:
            DataError: samples without a class.
            ArgumentError: an ``unknown_rate`` outside 0..1.
        """
        return self._few.learn()

    def clear(self) -> None:
        """Forget all classes, samples, labels and thresholds. Files stay."""
        self._few.clear()

    def classify(self, img: ImageLike, fit: Fit | str | None = None) -> list[tuple[int, float]]:
        """Every class as (index, raw distance), nearest first; an empty list before the first class.

        With ``dual_buff`` the distances are those of the picture given before this one, measured against the
        classes as they are now; only the first call waits for its own picture. This picture is copied: its
        buffer can be reused.

        Raises:
            ImageError: this picture cannot be read; it is skipped.
            Exception: what the backbone raised for the picture whose answer is due.
        """
        embedding = self._buffer.exchange(self._pixels(img, fit)) if self._dual_buff else self._embed(img, fit)
        away = distances(embedding, self._few.support.centres)
        return [(index, float(away[index])) for index in np.argsort(away, kind="stable").tolist()]

    def recognise_pixels(self, pixels: Pixels) -> Predictions:
        """All classes for prepared pixels, uint8 of ``input_shape()[1:]``, at once (never double buffered).

        As ``FewShotClassifier.classify_pixels``, whose *unknown* is decided between L2-normalised embeddings.

        Raises:
            ImageArgumentError: the array has another shape or type.
        """
        return self._few.support.predictions(self._few.embed_pixels(pixels))

    def is_unknown(self, distance: float) -> bool:
        """Whether a raw distance, as ``classify`` gives it, is beyond ``threshold``: nothing that was taught.

        Always False before ``learn`` had two pictures of a class to compare. ``recognise_pixels`` decides on
        L2-normalised embeddings, which is more reliable; the two can differ on a picture.
        """
        limit = self.threshold
        return limit is not None and distance > limit

    @property
    def threshold(self) -> float | None:
        """The raw distance above which a picture is unknown, from the last ``learn``."""
        return self._few.support.calibration.threshold

    @property
    def unit_threshold(self) -> float | None:
        """The same between L2-normalised embeddings, 0..2; what ``recognise_pixels`` uses."""
        return self._few.threshold

    @property
    def labels(self) -> list[str]:
        """A name per class; assign a new list to rename (a change inside the list got here is not seen)."""
        return list(self._few.labels)

    @labels.setter
    def labels(self, labels: list[str]) -> None:
        self._few.edit(lambda support: _relabelled(support, labels))

    def save(self, path: str | os.PathLike[str], labels: list[str] | None = None) -> None:
        """Write MaixPy's ``my_classes.bin`` and its sidecar ``.json``, atomically.

        Args:
            labels: a name per class, which become this classifier's; None or none keeps those it has. Classes
                that were never named are written without labels, as MaixPy does.

        Raises:
            ArgumentError: labels that are not one per class or cannot be written.
            DataError: 0 classes, or a folder that cannot be written. The old files stay.
        """
        few = self._few

        def saved(support: SupportSet) -> SupportSet:
            if labels:
                support = _relabelled(support, labels)
            save_features(path, support, few.backbone.id, few.preprocess, few.backbone_file, few.normalisation)
            return support

        few.edit(saved)
        self.label_path = os.fspath(path)

    def load(self, path: str | os.PathLike[str]) -> list[str]:
        """Take over a feature file, ours or MaixPy's; classes, samples and thresholds are replaced.

        From a file without sidecar the prototypes count as the classes' pictures, and *unknown* needs a
        ``learn``.

        Returns:
            The labels; "class 0", "class 1" … where the file has none.

        Raises:
            DataError: a missing or damaged file, or features of another backbone. What was taught stays.
        """
        self._few.load(path)
        self.label_path = os.fspath(path)
        return self.labels

    @property
    def preprocess(self) -> Preprocess:
        """How the backbone wants its pictures, with the fit of the feature file loaded."""
        return self._few.preprocess

    @property
    def mean(self) -> list[float]:
        """Subtracted from each channel, in pixel units."""
        return _per_channel(self.preprocess.mean, self.preprocess.channels)

    @property
    def scale(self) -> list[float]:
        """Multiplies each channel after ``mean`` was subtracted: 1 / std."""
        return [1 / value for value in _per_channel(self.preprocess.std, self.preprocess.channels)]

    def input_size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return (self.preprocess.width, self.preprocess.height)

    def input_width(self) -> int:
        """In pixels."""
        return self.preprocess.width

    def input_height(self) -> int:
        """In pixels."""
        return self.preprocess.height

    def input_format(self) -> str:
        """MaixPy's name of the pixel format: "RGB888", or "GRAYSCALE" for a one-channel backbone."""
        return "GRAYSCALE" if self.preprocess.colour is Colour.GREY else "RGB888"

    def input_shape(self) -> list[int]:
        """[1, height, width, channels]"""
        return [1, self.preprocess.height, self.preprocess.width, self.preprocess.channels]

    def close(self) -> None:
        """End the double buffer's thread, dropping the answer under way. ``classify`` starts it again."""
        self._buffer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _embed(self, image: ImageLike, fit: Fit | str | None) -> Floats:
        return self._few.embed_pixels(self._pixels(image, fit))

    def _pixels(self, image: ImageLike, fit: Fit | str | None) -> Pixels:
        pixels = self._few.preprocess.with_fit(fit).pixels(image)
        # A camera may draw its next frame into the same array while the worker still reads this one.
        return pixels.copy() if pixels is image else pixels

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_buffer"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._buffer = DoubleBuffer(self._few.embed_pixels)


def _owner(support: SupportSet, label: int | str) -> int:
    if isinstance(label, str):
        return support.class_of(label)
    return checked_index(label, "class", len(support.labels))


def _relabelled(support: SupportSet, labels: list[str]) -> SupportSet:
    check_labels(labels, len(support.labels))
    return support.relabelled(labels)


def _per_channel(values: tuple[float, ...], channels: int) -> list[float]:
    return list(values) if len(values) == channels else list(values) * channels
