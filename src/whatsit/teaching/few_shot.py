"""Few-shot learning: show it a few pictures of each thing, and it tells them apart a second later."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self, overload

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.choice import BackboneChoice
from whatsit.backbones.embedder import Embedder
from whatsit.errors import ArgumentError, DataError, ImageError
from whatsit.heads.unknown import UNKNOWN_RATE, Floats
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit, Preprocess, check_fit
from whatsit.models.prediction import Predictions
from whatsit.models.taught_model import TaughtModel, head_ranges
from whatsit.teaching.feature_store import load_features, save_features, taught_with
from whatsit.teaching.inference import Pixels, open_inference, taught_backbone
from whatsit.teaching.maixpy_file import check_labels
from whatsit.teaching.support_set import SupportSet
from whatsit.teaching.teach import GOLDEN_PICTURES
from whatsit.teaching.teach import check_labels as check_model_labels
from whatsit.tflite.normalisation import Normalisation, NormaliseLike
from whatsit.validation import several, short, whole_number
from whatsit.validation import unknown_rate as checked_rate


class FewShotClassifier:
    """Names pictures after a handful of examples: a class is the mean of its embeddings, the nearest class wins.

    ::

        things = whatsit.FewShotClassifier()
        things.add("mug1.jpg", "mug")
        things.add("mug2.jpg", "mug")
        things.add("ball1.jpg", "ball")
        things.learn()
        answer = things.classify("what.jpg")

    Prototypical networks (Snell et al. 2017) on a frozen backbone. A label's first picture is in use at once; further
    ones, and the rule for *unknown*, count from the next ``learn``. It is also a recogniser for ``Live``, so a
    camera can be watched while it is being taught.

    Methods can be called from several threads. It can be copied and pickled if its backbone can.
    """

    def __init__(
        self,
        backbone: str | os.PathLike[str] | BackboneChoice | Embedder | None = None,
        *,
        fit: Fit | str | None = None,
        normalise: NormaliseLike | None = None,
        unknown_rate: float = UNKNOWN_RATE,
        threads: int | None = None,
    ) -> None:
        """Start with nothing taught.

        Args:
            backbone: ``lite0`` and so on, the path of any ``.tflite`` classifier, a ``BackboneChoice``, or any
                ``Embedder``; None: the built-in one at 224 pixels.
            fit: how a picture meets the square input: cover, contain or squash; None: as the backbone has it.
            normalise: what a ``.tflite`` sees of pixel values, as for ``Classifier``; ``save`` keeps it.
            unknown_rate: share of taught things that ``learn`` lets be called unknown, 0 to below 1.
            threads: of the interpreter of a backbone opened here; None: one per core, at most four.

        Raises:
            ArgumentError: no backbone, no such fit, or ``unknown_rate`` out of range.
            ModelError, MissingExtraError: the backbone cannot be used.
        """
        self.unknown_rate = checked_rate(unknown_rate)
        """Share of taught things that the next ``learn`` lets be called unknown, 0 to below 1."""
        self._fit = None if fit is None else check_fit(fit)
        self._inference = open_inference(backbone, threads, normalise)
        self._support = SupportSet.empty(self._inference.embedder.dim)
        self._golden: dict[str, Pixels] = {}
        """The first pictures of a few classes, for ``to_tflite``."""
        self._changing = threading.Lock()  # for writers; readers take the one reference to what is taught

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        backbone: str | os.PathLike[str] | BackboneChoice | Embedder | None = None,
        *,
        threads: int | None = None,
    ) -> Self:
        """What ``save`` wrote, on the backbone it was taught with.

        Args:
            path: a feature file; its sidecar, where there is one, names the backbone and the fit.
            backbone: instead of the one the sidecar names, such as a ``.tflite`` that lies elsewhere now.
            threads: of the interpreter; None: one per core, at most four.

        Raises:
            DataError: a missing or damaged file, or features of another backbone.
            ModelError: the backbone is not where it was, or cannot be used.
        """
        if backbone is None or isinstance(backbone, str | os.PathLike):
            backbone = taught_backbone(path, backbone, threads)
        found = cls(backbone, threads=threads)
        found.load(path)
        return found

    @property
    def backbone(self) -> Embedder:
        """What turns pictures into embeddings."""
        return self._inference.embedder

    @property
    def backbone_file(self) -> Path | None:
        """The ``.tflite`` of the user's that the backbone came from; None: it has none."""
        return self._inference.file

    @property
    def normalisation(self) -> Normalisation | None:
        """What a ``.tflite`` backbone sees of pixel values, and how that is known; None: it is built in."""
        return self._inference.normalisation

    @property
    def fit(self) -> Fit | None:
        """The fit chosen here or by the file loaded; None: the backbone's own."""
        return self._fit

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are prepared for the backbone."""
        return self.backbone.preprocess.with_fit(self._fit)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order they were added."""
        return self._support.names

    @property
    def counts(self) -> dict[str, int]:
        """Pictures per label; those that were added without one are not counted."""
        support = self._support
        return {name: 1 + support.owners.count(index) for index, name in enumerate(support.names)}

    @property
    def threshold(self) -> float | None:
        """The strangeness above which a picture is unknown, 1; None while nothing can be called unknown."""
        return 1.0 if self._support.says_unknown else None

    @property
    def support(self) -> SupportSet:
        """All that was taught and learnt, as a value."""
        return self._support

    knowledge = support  # as ``live.repeats.Repeatable``

    def add(self, picture: ImageLike, label: str | None = None) -> None:
        """One more example.

        Args:
            picture: a path, bytes, a Pillow image or an RGB uint8 array of shape (height, width, 3).
            label: what it shows. A new label is a new class, in use at once; a known one counts from the next
                ``learn``. None: ``learn`` gives it to the nearest class.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: a label that cannot be saved, or that several classes of a file have.
        """
        if label is not None:
            check_labels((label,), 1)
        pixels = self.preprocess.pixels(picture)
        embedding = self.embed_pixels(pixels)

        def added(support: SupportSet) -> SupportSet:
            if label is None or label in support.names:
                owner = None if label is None else support.class_of(label)
                return support.with_samples(embedding, (owner,))
            if len(self._golden) < GOLDEN_PICTURES:
                self._golden[label] = pixels.copy()
            return support.with_class(embedding, label)

        self.edit(added)

    def add_stranger(self, picture: ImageLike) -> None:
        """A picture of nothing that is taught: from the next ``learn``, what looks like it is unknown.

        Raises:
            ImageError: the picture cannot be read.
        """
        embedding = self.embed_pixels(self.preprocess.pixels(picture))
        self.edit(lambda support: support.with_stranger(embedding))

    def remove(self, label: str) -> None:
        """Forget a class with all its pictures.

        Raises:
            ArgumentError: there is no such class.
        """
        self.edit(lambda support: support.without_class(support.class_of(label)))
        self._golden.pop(label, None)

    def rename(self, label: str, new: str) -> None:
        """Give a class another name.

        Raises:
            ArgumentError: no such class, or the new name is taken or cannot be saved.
        """
        check_labels((new,), 1)

        def renamed(support: SupportSet) -> SupportSet:
            place = support.class_of(label)
            if new != label and new in support.names:
                raise ArgumentError(f"label {new[:40]!r} exists: choose another")
            return support.relabelled((*support.labels[:place], new, *support.labels[place + 1 :]))

        self.edit(renamed)
        self._golden.pop(label, None)

    def clear(self) -> None:
        """Forget everything taught. Files stay."""
        self.edit(lambda support: SupportSet.empty(self.backbone.dim))
        self._golden.clear()

    def learn(self) -> int:
        """Move every class to the mean of its pictures, and fit the rule for *unknown*.

        Pictures without a label are given to the nearest class, again and again until none changes. It always starts
        from the first picture of each class, so the order of additions does not matter.

        Returns:
            The rounds it took; 0 where nothing new was learnt.

        Raises:
            DataError: pictures without a label, and no class to give them to.
            ArgumentError: ``unknown_rate`` is out of range.
        """
        rounds = 0

        def learnt(support: SupportSet) -> SupportSet:
            nonlocal rounds
            if not support.labels:
                if support.owners:
                    raise DataError("0 classes: samples refine classes; add a class first")
                return support
            support, rounds = support.learnt(self.unknown_rate)
            return support

        self.edit(learnt)
        return rounds

    def edit(self, change: Callable[[SupportSet], SupportSet]) -> SupportSet:
        """Replace what was taught by ``change`` of it; other changes wait. An error in ``change`` changes nothing."""
        with self._changing:
            self._support = change(self._support)
            return self._support

    def classify(self, picture: ImageLike, top_k: int = 5) -> Predictions:
        """The classes nearest to a picture.

        Args:
            picture: as in ``add``.
            top_k: at most this many, nearest first.

        Returns:
            Scores of 0..1 (``SupportSet.scores``); ``unknown`` where ``strangeness`` is above 1
            or there is no class yet; ``distance`` and ``distances`` are raw Euclidean.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: ``top_k`` is less than 1.
        """
        return self._answer(picture, self.embed_pixels(self.preprocess.pixels(picture)), top_k)

    @overload
    def classify_many(
        self, pictures: Iterable[ImageLike], top_k: int = 5, *, errors: Literal["raise"] = "raise"
    ) -> Iterator[Predictions]: ...
    @overload
    def classify_many(
        self, pictures: Iterable[ImageLike], top_k: int = 5, *, errors: Literal["return"]
    ) -> Iterator[Predictions | ImageError]: ...
    def classify_many(
        self, pictures: Iterable[ImageLike], top_k: int = 5, *, errors: Literal["raise", "return"] = "raise"
    ) -> Iterator[Predictions] | Iterator[Predictions | ImageError]:
        """As ``classify`` for many pictures, in their order; decoding and inference overlap on all cores.

        Args:
            errors: ``raise`` at an unreadable picture's place, or ``return`` the ImageError there and go on.

        Raises:
            ImageError: a picture cannot be read.
            ArgumentError: one picture instead of several, or another ``errors``.
        """
        if errors not in ("raise", "return"):
            raise ArgumentError(f"errors {short(errors)}: expected raise or return")
        return self._answers(several(pictures), whole_number(top_k, "top_k"), errors)

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        """As ``classify``, for pixels that ``preprocess.pixels`` prepared: uint8, (height, width, channels).

        Raises:
            ImageArgumentError: another shape or type.
            ArgumentError: ``top_k`` is less than 1.
        """
        return self._answer(None, self.embed_pixels(pixels), top_k)

    def embed_pixels(self, pixels: Pixels) -> Floats:
        """The raw embedding of prepared pixels, shape (height, width, channels) to (dim,).

        Raises:
            ImageArgumentError: another shape or type.
        """
        self.preprocess.check_pixels(pixels)
        return self._inference(pixels)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write MaixPy's ``my_classes.bin`` and a sidecar ``.json`` that names the backbone; both whole or not at all.

        Raises:
            DataError: no class yet, or a folder that cannot be written. The old files stay.
        """
        with self._changing:
            origin = self.backbone.id, self.preprocess, self.backbone_file, self.normalisation
            save_features(path, self._support, *origin)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Replace what was taught by a feature file, ours or MaixPy's, and take over its fit.

        From a file without sidecar the prototypes count as the classes' pictures, and *unknown* needs a ``learn``.

        Raises:
            DataError: a missing or damaged file, or features of another backbone. What was taught stays.
        """

        def loaded(_: SupportSet) -> SupportSet:
            support = load_features(path, self.backbone.dim, self.backbone.id)
            origin = taught_with(path)
            self._fit = origin.fit if origin.backbone is not None else None
            self._golden.clear()
            return support

        self.edit(loaded)

    def to_tflite(self, dtype: str = "int8", io: str | None = None) -> bytes:
        """One file that answers as this classifier does: backbone, prototypes, labels and threshold.

        Its scores are those of ``classify`` but for rounding; its ``distance`` is between L2-normalised embeddings.
        ``whatsit.teach`` fits a head to the same pictures instead of comparing distances.

        Args:
            dtype: the arithmetic inside: ``int8``, ``float32`` or ``dynamic``.
            io: types of input and output: ``uint8`` (default for int8), ``int8`` or ``float32``.

        Raises:
            DataError: fewer than two classes, or a label that cannot be a line of a label file.
            ModelError: the backbone is no network, or int8 is asked of a float network of the user's.
        """
        support, backbone = self._support, self.backbone
        check_model_labels(support.names)
        if len(set(support.names)) < len(support.names):
            raise DataError(f"labels {short(support.names)}: the same name twice; rename one")
        head = support.head()
        taught = np.vstack((support.pictures, support.samples))
        return TaughtModel(
            backbone=self._inference.choice(self.preprocess.fit),
            backbone_id=backbone.id,
            preprocess=self.preprocess,
            head=head,
            prototypes=support.prototypes(),
            unknown=support.unknown_rule(),
            threshold=support.calibration.unit_threshold,
            pictures=len(taught),
            head_ranges=head_ranges(head, taught),
            golden=tuple(self._golden.values()),
        ).to_tflite(dtype, io)

    def _answers(self, pictures: Iterable[ImageLike], top_k: int, errors: str) -> Iterator[Any]:
        for picture, embedding in self._inference.each(pictures, self.preprocess):
            if not isinstance(embedding, ImageError):
                yield self._answer(picture if isinstance(picture, str | os.PathLike) else None, embedding, top_k)
            elif errors == "raise":
                raise embedding
            else:
                yield embedding

    def _answer(self, picture: object, embedding: Floats, top_k: int) -> Predictions:
        return replace(self._support.predictions(embedding, whole_number(top_k, "top_k")), image=picture)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.backbone.id}: {self.counts})"

    def _repr_html_(self) -> str:
        from whatsit.models.notebook import classifier_html

        return classifier_html("taught by a few pictures", self.preprocess, self.labels, self.threshold)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_changing"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _changing=threading.Lock())
