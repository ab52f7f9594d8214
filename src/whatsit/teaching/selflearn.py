"""MaixPy's ``nn.SelfLearnClassifier``, its names and meaning, on top of ``FewShotClassifier``."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from whatsit.backbones.embedder import Embedder
from whatsit.errors import ArgumentError, DataError, ImageError, ModelError
from whatsit.heads.unknown import Floats, distances
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Colour, Preprocess
from whatsit.models.prediction import Predictions
from whatsit.teaching.feature_store import save_features
from whatsit.teaching.few_shot import FewShotClassifier
from whatsit.teaching.inference import Pixels
from whatsit.teaching.maixpy_file import check_labels
from whatsit.teaching.maixpy_types import Err, FitLike, Format, Size, as_fit, returned_code
from whatsit.teaching.support_set import SupportSet
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.validation import index as checked_index


class SelfLearnClassifier:
    """Classes from single pictures, refined by samples; the nearest prototype names a picture.

    The methods of MaixPy's class keep their names and meaning: ``load_model``, ``rm_class``, ``rm_sample`` and ``save``
    return an error code and log the reason, the others raise. Distances are Euclidean between raw embeddings, as in
    MaixPy: 0 is the same, smaller is more alike, and the scale is the backbone's. Added to it: labels on classes and
    samples, *unknown*, files that say which backbone they belong to, and ``classify_stream``.

    Methods can be called from several threads; ``load_model`` should not be while another one classifies.

    Args:
        model: None for the built-in backbone, the path of a ``.tflite``, or any ``Embedder``; an empty name waits for
            ``load_model``.
        dual_buff: let ``classify_stream`` prepare a picture while the network computes the one before. Every answer is
            for the picture it was asked for, with and without.
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
        self._loaded = None if model == "" else FewShotClassifier(model, normalise=normalise)

    @property
    def _few(self) -> FewShotClassifier:
        if self._loaded is None:
            raise ModelError("no model is loaded: call load_model first")
        return self._loaded

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
    ) -> Err:
        """Change the backbone. What was taught stays only if it is the same backbone.

        Returns:
            ERR_NONE; ERR_ARGS where the model cannot be read, or classes or samples were taught with another backbone
            (``clear`` first). The old one stays then.
        """
        return returned_code(lambda: self._load_model(model, normalise))

    def _load_model(self, model: str | os.PathLike[str] | Embedder | None, normalise: NormaliseLike | None) -> None:
        old = self._loaded
        if old is None:
            self._loaded = FewShotClassifier(model, normalise=normalise)
            return
        new = FewShotClassifier(model, fit=old.fit, normalise=normalise, unknown_rate=old.unknown_rate)

        def handed_over(support: SupportSet) -> SupportSet:
            if new.backbone.id == old.backbone.id:
                new.edit(lambda _: support)
            elif support.labels or support.owners:
                raise DataError(
                    f"taught with backbone {old.backbone.id!r}: its features mean nothing to {new.backbone.id!r}; "
                    "save them and clear() first"
                )
            self._loaded = new
            return support

        old.edit(handed_over)

    def add_class(self, img: ImageLike, fit: FitLike | None = None, label: str | None = None) -> None:
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

    def rm_class(self, idx: int) -> Err:
        """Remove a class. Later classes move down by one; samples labelled with it are removed with it, while
        unlabelled samples stay, as in MaixPy, and go to other classes at the next ``learn``.

        Returns:
            ERR_NONE, or ERR_ARGS where there is no such class.
        """
        few = self._few
        return returned_code(
            lambda: few.edit(lambda support: support.without_class(checked_index(idx, "class", len(support.labels))))
        )

    def class_num(self) -> int:
        """Number of classes."""
        return len(self._few.support.labels)

    def add_sample(self, img: ImageLike, fit: FitLike | None = None, label: int | str | None = None) -> None:
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

    def rm_sample(self, idx: int) -> Err:
        """Remove a sample; later ones move down by one. Classes keep what they learnt until the next
        ``learn``.

        Returns:
            ERR_NONE, or ERR_ARGS where there is no such sample.
        """
        few = self._few
        return returned_code(
            lambda: few.edit(lambda support: support.without_sample(checked_index(idx, "sample", len(support.owners))))
        )

    def sample_num(self) -> int:
        """Number of samples, labelled and not."""
        return len(self._few.support.owners)

    @property
    def sample_labels(self) -> list[int | None]:
        """The class index each sample was labelled with, None where it was not."""
        return list(self._few.support.owners)

    def learn(self) -> int:
        """Move every class to the mean of its picture and its samples, and fit the rule for *unknown*.

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

    def classify(self, img: ImageLike, fit: FitLike | None = None) -> list[tuple[int, float]]:
        """Every class as (index, raw distance) for this picture, nearest first; an empty list before the first class.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: an unknown fit.
        """
        return self._ranked(self._embed(img, fit))

    def classify_stream(
        self, imgs: Iterable[ImageLike], fit: FitLike | None = None
    ) -> Iterator[list[tuple[int, float]]]:
        """What ``classify`` answers for each of many pictures, in their order.

        With ``dual_buff`` the next picture is fetched and prepared while the network computes on another thread; each
        answer then comes once the picture after it was fetched. A camera may draw its next frame into the same array.

        Raises:
            ImageError: a picture cannot be read; the answers for those before it have come.
            ArgumentError: an unknown fit.
        """
        if not self._dual_buff:
            for img in imgs:
                yield self.classify(img, fit)
            return
        embed = self._few.embed_pixels
        with ThreadPoolExecutor(1, thread_name_prefix="whatsit-embed") as network:
            computed: Future[Floats] | None = None
            for img in imgs:
                try:
                    pixels = self._pixels(img, fit)
                except ImageError:
                    if computed is not None:
                        yield self._ranked(computed.result())
                    raise
                following = network.submit(embed, pixels.copy() if _shared(pixels, img) else pixels)
                if computed is not None:
                    yield self._ranked(computed.result())
                computed = following
            if computed is not None:
                yield self._ranked(computed.result())

    def _ranked(self, embedding: Floats) -> list[tuple[int, float]]:
        away = distances(embedding, self._few.support.centres)
        return [(index, float(away[index])) for index in np.argsort(away, kind="stable").tolist()]

    def recognise_pixels(self, pixels: Pixels) -> Predictions:
        """All classes for prepared pixels, uint8 of ``input_shape()[1:]``.

        As ``FewShotClassifier.classify_pixels``.

        Raises:
            ImageArgumentError: the array has another shape or type.
        """
        return self._few.support.predictions(self._few.embed_pixels(pixels))

    def is_unknown(self, what: ImageLike | float, fit: FitLike | None = None) -> bool:
        """Whether a picture shows nothing that was taught, by the rule of ``recognise_pixels``.

        Always False before ``learn`` had two pictures of a class to compare.

        Args:
            what: a picture; or a raw distance, as ``classify`` gives it, which is compared with ``threshold``: the
                picture is not embedded again, but the answer is less reliable.
            fit: as in ``add_class``.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: an unknown fit.
        """
        if isinstance(what, int | float | np.number):
            limit = self.threshold
            return limit is not None and float(what) > limit
        return self._few.support.predictions(self._embed(what, fit)).unknown

    @property
    def threshold(self) -> float | None:
        """The raw distance that ``is_unknown`` compares distances with, from the last ``learn``."""
        return self._few.support.calibration.threshold

    @property
    def labels(self) -> list[str]:
        """A name per class; assign a new list to rename (a change inside the list got here is not seen)."""
        return list(self._few.labels)

    @labels.setter
    def labels(self, labels: list[str]) -> None:
        self._few.edit(lambda support: _relabelled(support, labels))

    def save(self, path: str | os.PathLike[str], labels: list[str] | None = None) -> Err:
        """Write MaixPy's ``my_classes.bin`` and its sidecar ``.json``, atomically.

        Args:
            labels: a name per class, which become this classifier's; None or none keeps those it has. Classes
                that were never named are written without labels, as MaixPy does.

        Returns:
            ERR_NONE; ERR_ARGS for 0 classes, or labels that are not one per class or cannot be written; ERR_IO where
            the files cannot be written. The old files stay then.
        """
        few = self._few

        def saved(support: SupportSet) -> SupportSet:
            if labels:
                support = _relabelled(support, labels)
            save_features(path, support, few.backbone.id, few.preprocess, few.backbone_file, few.normalisation)
            return support

        code = returned_code(lambda: few.edit(saved), otherwise=Err.ERR_IO if self.class_num() else Err.ERR_ARGS)
        if code is Err.ERR_NONE:
            self.label_path = os.fspath(path)
        return code

    def load(self, path: str | os.PathLike[str]) -> list[str]:
        """Take over a feature file, ours or MaixPy's; classes, samples and thresholds are replaced.

        From a file without sidecar the prototypes count as the classes' pictures, and *unknown* needs a
        ``learn``.

        Returns:
            The labels; none where the file has none.

        Raises:
            DataError: a missing or damaged file, or features of another backbone. What was taught stays.
        """
        self._few.load(path)
        self.label_path = os.fspath(path)
        support = self._few.support
        return list(support.names) if any(label is not None for label in support.labels) else []

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

    def input_size(self) -> Size:
        """(width, height) in pixels; ``width()`` and ``height()`` tell one of them."""
        return Size(self.preprocess.width, self.preprocess.height)

    def input_width(self) -> int:
        """In pixels."""
        return self.preprocess.width

    def input_height(self) -> int:
        """In pixels."""
        return self.preprocess.height

    def input_format(self) -> Format:
        """FMT_RGB888, or FMT_GRAYSCALE for a one-channel backbone."""
        return Format.FMT_GRAYSCALE if self.preprocess.colour is Colour.GREY else Format.FMT_RGB888

    def input_shape(self) -> list[int]:
        """[1, height, width, channels]"""
        return [1, self.preprocess.height, self.preprocess.width, self.preprocess.channels]

    def _embed(self, image: ImageLike, fit: FitLike | None) -> Floats:
        return self._few.embed_pixels(self._pixels(image, fit))

    def _pixels(self, image: ImageLike, fit: FitLike | None) -> Pixels:
        return self._few.preprocess.with_fit(as_fit(fit)).pixels(image)


def _shared(pixels: Pixels, image: ImageLike) -> bool:
    return isinstance(image, np.ndarray) and np.may_share_memory(pixels, image)


def _owner(support: SupportSet, label: int | str) -> int:
    if isinstance(label, str):
        return support.class_of(label)
    return checked_index(label, "class", len(support.labels))


def _relabelled(support: SupportSet, labels: list[str]) -> SupportSet:
    check_labels(labels, len(support.labels))
    return support.relabelled(labels)


def _per_channel(values: tuple[float, ...], channels: int) -> list[float]:
    return list(values) if len(values) == channels else list(values) * channels
