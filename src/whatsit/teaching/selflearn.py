"""MaixPy's ``nn.SelfLearnClassifier``: show it a few pictures, call ``learn``, and it tells them apart."""

import operator
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.embedder import Embedder
from whatsit.errors import DataError, ImageError, ModelError
from whatsit.heads.unknown import Floats, distances, normalised
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Colour, Fit, Preprocess, check_fit
from whatsit.models.prediction import Prediction, Predictions
from whatsit.teaching.double_buffer import DoubleBuffer
from whatsit.teaching.feature_store import load_features, save_features, taught_with
from whatsit.teaching.maixpy_file import check_labels
from whatsit.teaching.support_set import Lesson
from whatsit.validation import short

Pixels = NDArray[np.uint8]


class SelfLearnClassifier:
    """Classes from single pictures, refined by samples; the nearest prototype names a picture.

    The methods of MaixPy's class keep their names and meaning; where it returns an error code, this raises
    ``DataError``. Distances are Euclidean between raw embeddings, as in MaixPy: 0 is the same, smaller is
    more alike, and the scale is the backbone's. Added to it: labels on classes and samples, *unknown*, and
    files that say which backbone they belong to.

    Methods may be called from several threads; ``load_model`` should not be while another one classifies.

    Args:
        model: None for the built-in backbone, the path of a ``.tflite``, or any ``Embedder``.
        dual_buff: ``classify`` answers for the previous picture while this one is computed on another thread.
            Set it to False where every answer must be for the picture just given.

    Raises:
        ModelError: the model cannot be read.
    """

    def __init__(self, model: "str | os.PathLike[str] | Embedder | None" = None, dual_buff: bool = True) -> None:
        self.unknown_rate = 0.05
        """Share of taught things that the next ``learn`` lets be called unknown, 0 to below 1."""
        self.label_path = ""
        """The feature file last loaded or saved."""
        self._dual_buff = dual_buff
        self._changing = threading.Lock()  # for writers; readers take the one reference to what is taught
        self._fit: Fit | None = None  # of the feature file loaded
        self._inference = _inference(model)
        self._buffer = DoubleBuffer(self._inference)
        self._lesson = Lesson.none(self._inference.embedder.dim)

    def load_model(self, model: "str | os.PathLike[str] | Embedder | None") -> None:
        """Change the backbone. What was taught stays only if it is the same backbone.

        Raises:
            ModelError: the model cannot be read.
            DataError: classes or samples were taught with another backbone; ``clear`` first. The old one
                stays.
        """
        inference = _inference(model)
        embedder = inference.embedder
        with self._changing:
            old = self._inference.embedder
            if embedder.id != old.id:
                if self.class_num() or self.sample_num():
                    raise DataError(
                        f"taught with backbone {old.id!r}: its features mean nothing to {embedder.id!r}; "
                        "save them and clear() first"
                    )
                self._lesson = Lesson.none(embedder.dim)
            self._inference = inference
            self._buffer = DoubleBuffer(self._inference)

    def add_class(self, img: ImageLike, fit: Fit | str | None = None, label: str | None = None) -> None:
        """A new class from one picture, at once in use; its index is ``class_num() - 1``.

        Args:
            fit: how the picture meets the square input: "cover", "contain" or "squash"; None: as the feature file
                loaded was taught, else as the backbone has it, which is cover unless chosen.
            label: its name; without one it is called "class" and its index.

        Raises:
            ImageError: the picture cannot be read.
            DataError: an unknown fit, or a label that exists or cannot be written to a feature file.
        """
        if label is not None:
            check_labels((label,), 1)
        with self._changing:
            if label is not None and label in self.labels:
                raise DataError(f"label {label[:40]!r} exists: give more pictures of it to add_sample, or rename")
            self._lesson = self._lesson.with_class(self._embed(img, fit), label)

    def rm_class(self, idx: int) -> None:
        """Remove a class. Later classes move down by one; samples labelled with it are removed with it, while
        unlabelled samples stay, as in MaixPy, and go to other classes at the next ``learn``.

        Raises:
            DataError: there is no such class.
        """
        with self._changing:
            self._lesson = self._lesson.without_class(_index("class", idx, self.class_num()))

    def class_num(self) -> int:
        """Number of classes."""
        return len(self._lesson.pictures)

    def add_sample(self, img: ImageLike, fit: Fit | str | None = None, label: int | str | None = None) -> None:
        """A further picture of any of the classes, put to use by the next ``learn``.

        Args:
            fit: as in ``add_class``.
            label: the class it shows, by index or name; None lets ``learn`` find out.

        Raises:
            ImageError: the picture cannot be read.
            DataError: an unknown fit or class.
        """
        with self._changing:
            owner = None if label is None else self._class_of(label)
            self._lesson = self._lesson.with_sample(self._embed(img, fit), owner)

    def rm_sample(self, idx: int) -> None:
        """Remove a sample; later ones move down by one. Classes keep what they learnt until the next
        ``learn``.

        Raises:
            DataError: there is no such sample.
        """
        with self._changing:
            self._lesson = self._lesson.without_sample(_index("sample", idx, self.sample_num()))

    def sample_num(self) -> int:
        """Number of samples, labelled and not."""
        return len(self._lesson.samples)

    @property
    def sample_labels(self) -> list[int | None]:
        """The class index each sample was labelled with, None where it was not."""
        return list(self._lesson.owners)

    def learn(self) -> int:
        """Move every class to the mean of its picture and its samples, and set the thresholds for *unknown*.

        Unlabelled samples are given to the nearest class, again and again until none changes; labelled ones
        stay where they were put. It always starts from the pictures, so the order of additions does not
        matter and learning again without a change does nothing.

        Returns:
            The rounds it took; 0 where nothing new was learnt.

        Raises:
            DataError: samples without a class, or an ``unknown_rate`` outside 0..1.
        """
        with self._changing:
            if not self.class_num():
                if self.sample_num():
                    raise DataError("0 classes: samples refine classes; add a class first")
                return 0
            self._lesson, rounds = self._lesson.learnt(self.unknown_rate)
            return rounds

    def clear(self) -> None:
        """Forget all classes, samples, labels and thresholds. Files stay."""
        with self._changing:
            self._lesson = Lesson.none(self._inference.embedder.dim)

    def classify(self, img: ImageLike, fit: Fit | str | None = None) -> list[tuple[int, float]]:
        """Every class as (index, raw distance), nearest first; an empty list before the first class.

        With ``dual_buff`` the distances are those of the picture given before this one, measured against the
        classes as they are now; only the first call waits for its own picture. This picture is copied: its
        buffer may be reused.

        Raises:
            ImageError: this picture cannot be read; it is skipped.
            Exception: what the backbone raised for the picture whose answer is due.
        """
        embedding = self._buffer.exchange(self._pixels(img, fit)) if self._dual_buff else self._embed(img, fit)
        away = distances(embedding, self._lesson.centres)
        return [(index, float(away[index])) for index in np.argsort(away, kind="stable").tolist()]

    def recognise_pixels(self, pixels: Pixels) -> Predictions:
        """Name prepared pixels, uint8 of ``input_shape()[1:]``, at once (never double buffered).

        Returns:
            All classes, nearest first, as ``classify`` would order them. ``distance`` is the raw distance to
            the nearest. Scores are those of ``Lesson.scores``. ``unknown`` compares distances between
            L2-normalised embeddings with ``unit_threshold``, which tells strangers far better than the raw
            distance does; it is False before ``learn`` had two pictures of a class to compare, and True while
            there are no classes.

        Raises:
            ImageError: the array has another shape or type.
        """
        height, width, channels = self.input_shape()[1:]
        if pixels.shape != (height, width, channels) or pixels.dtype != np.uint8:
            raise ImageError(
                f"pixels of shape {pixels.shape} and type {pixels.dtype}: the backbone takes uint8 of "
                f"({height}, {width}, {channels}); use preprocess.pixels(image)"
            )
        embedding = self._inference(pixels)
        lesson = self._lesson
        if not len(lesson.centres):
            return Predictions((), unknown=True)
        away = distances(embedding, lesson.centres)
        scores, labels = lesson.scores(away), lesson.names
        nearest = np.argsort(away, kind="stable").tolist()
        limit = lesson.calibration.unit_threshold
        unit_distance = float(distances(normalised(embedding), lesson.unit_centres).min())
        return Predictions(
            tuple(Prediction(labels[index], float(scores[index]), index) for index in nearest),
            unknown=limit is not None and unit_distance > limit,
            distance=float(away[nearest[0]]),
        )

    def is_unknown(self, distance: float) -> bool:
        """Whether a raw distance, as ``classify`` gives it, is beyond ``threshold``: nothing that was taught.

        Always False before ``learn`` had two pictures of a class to compare. ``recognise_pixels`` decides on
        L2-normalised embeddings, which is more reliable; the two may differ on a picture.
        """
        limit = self.threshold
        return limit is not None and distance > limit

    @property
    def threshold(self) -> float | None:
        """The raw distance above which a picture is unknown, from the last ``learn``."""
        return self._lesson.calibration.threshold

    @property
    def unit_threshold(self) -> float | None:
        """The same between L2-normalised embeddings, 0..2; what ``recognise_pixels`` uses."""
        return self._lesson.calibration.unit_threshold

    @property
    def labels(self) -> list[str]:
        """A name a class; assign a new list to rename (a change inside the list got here is not seen)."""
        return list(self._lesson.names)

    @labels.setter
    def labels(self, labels: list[str]) -> None:
        with self._changing:
            check_labels(labels, self.class_num())
            self._lesson = replace(self._lesson, labels=tuple(labels))

    def save(self, path: str | os.PathLike[str], labels: list[str] | None = None) -> None:
        """Write MaixPy's ``my_classes.bin`` and its sidecar ``.json``, atomically.

        Args:
            labels: a name a class, which become this classifier's; None or none keeps those it has. Classes
                that were never named are written without labels, as MaixPy does.

        Raises:
            DataError: 0 classes, labels that are not one a class or cannot be written, a folder that cannot
                be written. The old files stay.
        """
        with self._changing:
            lesson = self._lesson
            if labels:
                check_labels(labels, self.class_num())
                lesson = replace(lesson, labels=tuple(labels))
            save_features(path, lesson, self._inference.embedder.id, self.preprocess, self._inference.file)
            self._lesson, self.label_path = lesson, os.fspath(path)

    def load(self, path: str | os.PathLike[str]) -> list[str]:
        """Take over a feature file, ours or MaixPy's; classes, samples and thresholds are replaced.

        From a file without sidecar the prototypes count as the classes' pictures, and *unknown* needs a
        ``learn``.

        Returns:
            The labels; "class 0", "class 1" … where the file has none.

        Raises:
            DataError: a missing or damaged file, or features of another backbone. What was taught stays.
        """
        with self._changing:
            embedder = self._inference.embedder
            self._lesson = load_features(path, embedder.dim, embedder.id)
            origin = taught_with(path)
            self._fit = origin.fit if origin.backbone is not None else None
            self.label_path = os.fspath(path)
            return self.labels

    @property
    def preprocess(self) -> Preprocess:
        """How the backbone wants its pictures, with the fit of the feature file loaded."""
        own = self._inference.embedder.preprocess
        return own if self._fit is None else replace(own, fit=self._fit)

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
        """End the double buffer's thread, dropping the answer under way. ``classify`` starts it anew."""
        self._buffer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _embed(self, image: ImageLike, fit: Fit | str | None) -> Floats:
        return self._inference(self._pixels(image, fit))

    def _pixels(self, image: ImageLike, fit: Fit | str | None) -> Pixels:
        preprocess = self.preprocess if fit is None else replace(self.preprocess, fit=check_fit(fit))
        pixels = preprocess.pixels(image)
        # A camera may draw its next frame into the same array while the worker still reads this one.
        return pixels.copy() if pixels is image else pixels

    def _class_of(self, label: int | str) -> int:
        if not isinstance(label, str):
            return _index("class", label, self.class_num())
        labels = self.labels
        if labels.count(label) != 1:
            known = f"the classes are {', '.join(labels)[:120]}" if labels else "there are no classes yet"
            raise DataError(f"label {label[:40]!r} names {labels.count(label)} classes: {known}")
        return labels.index(label)


class _Inference:
    """One embedding at a time; all that the worker holds, so that it never keeps a classifier alive."""

    def __init__(self, embedder: Embedder, file: Path | None) -> None:
        self.embedder, self.file = embedder, file
        self._one_at_a_time = threading.Lock()

    def __call__(self, pixels: Pixels) -> Floats:
        with self._one_at_a_time:
            embedding = np.array(self.embedder.embed_pixels(pixels), np.float32)
        if embedding.shape != (self.embedder.dim,) or not np.isfinite(embedding).all():
            raise ModelError(
                f"backbone {self.embedder.id!r} gave shape {embedding.shape} or numbers that are not finite: "
                f"expected {self.embedder.dim} finite floats"
            )
        return embedding


def _inference(model: "str | os.PathLike[str] | Embedder | None") -> _Inference:
    if model is not None and not isinstance(model, str | os.PathLike):
        if not hasattr(model, "embed_pixels"):
            raise ModelError(f"model {short(model)}: expected None, the path of a .tflite, or an Embedder")
        return _Inference(model, None)
    from whatsit.backbones.backbone import Backbone

    if model is None:
        return _Inference(Backbone.builtin(), None)
    return _Inference(Backbone.from_file(model), Path(model))


def _index(kind: str, index: int, count: int) -> int:
    try:
        place = operator.index(index)
    except TypeError as error:
        raise DataError(f"{kind} {index!r}: expected an index, a whole number") from error
    if not 0 <= place < count:
        reach = f"0 to {count - 1}" if count else "none yet"
        raise DataError(f"{kind} {place}: no such {kind}; there are {count} ({reach})")
    return place


def _per_channel(values: tuple[float, ...], channels: int) -> list[float]:
    return list(values) if len(values) == channels else list(values) * channels
