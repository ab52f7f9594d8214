"""From a folder of labelled pictures to a model, in seconds: embed once, fit a head and the rule for *unknown*."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import last_layer_layout
from whatsit.backbones.choice import BackboneChoice, is_quantised
from whatsit.datasets.label import is_text
from whatsit.datasets.picture_folder import LabelledFolder, labelled_folder
from whatsit.errors import ArgumentError, DataError, ImageError
from whatsit.heads.learners import DEFAULT as DEFAULT_LEARNER
from whatsit.heads.learners import LEARNERS
from whatsit.heads.linear import prototypes
from whatsit.heads.selection import Selection, select
from whatsit.heads.strangeness import UnknownRule, class_numbers
from whatsit.heads.unknown import UNKNOWN_RATE
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit, check_fit
from whatsit.models.int8_form import with_int8_form
from whatsit.models.taught_model import TaughtModel, evenly_sampled, head_ranges, prepared
from whatsit.teaching.feature_store import save_features
from whatsit.teaching.fit_search import Embedded, search_fit
from whatsit.teaching.support_set import SupportSet
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.validation import path as checked_path
from whatsit.validation import row, several, short
from whatsit.validation import unknown_rate as checked_rate

GOLDEN_PICTURES = 4
CALIBRATION_PICTURES = 64

Example: TypeAlias = tuple[ImageLike, str]
"""A picture and its label."""


def find_examples(folder: str | os.PathLike[str], layout: str | None = None) -> list[tuple[Path, str]]:
    """The labelled pictures of a folder, each with its label, sorted by name.

    The folder can be in any layout that an import understands: ``folder/<label>/``, split folders, a list beside the
    pictures. Splits do not count here. A project's ``dataset`` is such a folder: ``%XX`` in the name of a folder stands
    for a character of the label (see ``datasets.label``), and ``_unlabelled`` and ``_strangers`` are left out,
    as are hidden files. Links are followed.

    Args:
        folder: the folder.
        layout: the name of a layout, as in ``whatsit dataset import --layout``; None: recognised.

    Raises:
        ArgumentError: not a path, or no such layout.
        DataError: no such folder, no labelled pictures in it, or a list or a split that is not understood.
    """
    return list(labelled_examples(folder, layout).pictures)


def labelled_examples(folder: str | os.PathLike[str], layout: str | None = None) -> LabelledFolder:
    """As ``find_examples``, with what was left out and why.

    Raises:
        ArgumentError: as ``find_examples``.
        DataError: as ``find_examples``.
    """
    root = checked_path(folder, "a folder that holds one folder per label")
    if root.is_file():
        raise DataError(f"{root}: a file; expected a folder of <label>/*.jpg; unpack an archive first")
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; expected {root}/<label>/*.jpg")
    found = labelled_folder(root, layout)
    if found.is_flat:
        raise DataError(
            f"{root}: its pictures lie in the folder itself; put them into one folder per label: {root}/<label>/"
        )
    if not found.pictures:
        raise DataError(f"{root}: no pictures found; expected {root}/<label>/*.jpg (or another picture format)")
    return found


@dataclass(frozen=True, eq=False)
class EmbeddedExamples:
    """Pictures, their labels and their embeddings: what heads and feature files are made of."""

    backbone: BackboneChoice
    embedder: Backbone
    """The same, opened."""
    examples: tuple[Example, ...]
    features: NDArray[np.float32]
    """Raw embeddings, shape (pictures, dim)."""
    strangers: tuple[ImageLike, ...] = ()
    """Pictures of nothing that is taught, which a person marked."""
    stranger_features: NDArray[np.float32] | None = None
    """Their raw embeddings, shape (strangers, dim); None: there are none."""

    @property
    def targets(self) -> list[str]:
        """The label of each picture."""
        return [label for _, label in self.examples]

    def model(
        self,
        unknown_rate: float = UNKNOWN_RATE,
        learner: str = DEFAULT_LEARNER,
        *,
        int8: bool = True,
        search: Selection | None = None,
    ) -> TaughtModel:
        """A head with its regularisation, chosen by cross-validation, and its rule for *unknown*.

        Args:
            unknown_rate: share of known pictures that can be called unknown, 0 to below 1.
            learner: fits the head: a name in ``whatsit.heads.learners.LEARNERS``.
            int8: on a float32 file, fit another head for the int8 model, which needs the pictures once more.
            search: how the fit was chosen, for the model's card; None: by hand, or there was nothing to choose.

        Raises:
            ArgumentError: ``unknown_rate`` is out of range, or there is no such learner.
        """

        def fitted(features: NDArray[np.float32], strangers: NDArray[np.float32] | None) -> TaughtModel:
            return self._fitted(features, strangers, unknown_rate, learner, search)

        model = fitted(self.features, self.stranger_features)
        if not int8 or not self.backbone.is_file or is_quantised(self.embedder.content):
            return model

        marked: NDArray[np.float32] | None = None

        def embedded(backbone: Backbone) -> NDArray[np.float32]:
            nonlocal marked
            if self.strangers:
                marked = np.stack(list(backbone.embed_many(self.strangers)))
            return np.stack(list(backbone.embed_many(picture for picture, _ in self.examples)))

        return with_int8_form(
            model, self.features, self.targets, embedded, lambda features: fitted(features, marked)
        )  # fmt: skip

    def _fitted(
        self, features: NDArray[np.float32], strangers: NDArray[np.float32] | None, unknown_rate: float, learner: str,
        search: Selection | None,
    ) -> TaughtModel:  # fmt: skip
        targets = self.targets
        fits_head = row(LEARNERS, learner, "learner")
        selection = select({self.embedder.preprocess.fit: features}, targets, fits_head)
        if search is not None:
            selection = replace(selection, fits=search.fits)
        head = fits_head(features, targets, selection.regularisation)
        pictures = [picture for picture, _ in self.examples]
        preprocess = self.embedder.preprocess
        return TaughtModel(
            backbone=self.backbone,
            backbone_id=self.embedder.id,
            preprocess=preprocess,
            head=head,
            prototypes=prototypes(features, targets),
            unknown=UnknownRule.fitted(
                features,
                class_numbers(targets),
                unknown_rate,
                strangers=strangers,
                layout=last_layer_layout(self.embedder.id),
            ),
            pictures=len(targets),
            head_ranges=head_ranges(head, features),
            golden=prepared(evenly_sampled(first_of_each_label(self.examples), GOLDEN_PICTURES), preprocess),
            calibration=prepared(evenly_sampled(pictures, CALIBRATION_PICTURES), preprocess)
            if self.backbone.is_file
            else (),
            selection=selection,
        )

    def support(self, unknown_rate: float = UNKNOWN_RATE) -> SupportSet:
        """What ``FewShotClassifier`` makes of them: the first picture of a label starts its class.

        Raises:
            ArgumentError: ``unknown_rate`` is out of range.
        """
        labels = tuple(dict.fromkeys(self.targets))
        owners = np.array([labels.index(label) for label in self.targets])
        first = np.array([int(np.flatnonzero(owners == index)[0]) for index in range(len(labels))])
        rest = np.setdiff1d(np.arange(len(owners)), first)
        support = SupportSet.of(
            labels, self.features[first], self.features[rest], owners[rest].tolist(), self.stranger_features
        )
        return support.learnt(unknown_rate)[0]

    def save_features(self, path: str | os.PathLike[str], unknown_rate: float = UNKNOWN_RATE) -> None:
        """Write MaixPy's feature file and its sidecar.

        Raises:
            ArgumentError: ``unknown_rate`` is out of range.
            DataError: a label that cannot be written, or a folder that cannot.
        """
        support = self.support(unknown_rate)
        save_features(
            path, support, self.embedder.id, self.embedder.preprocess, self.backbone.file, self.embedder.normalisation
        )


def embed_examples(
    examples: Iterable[Example],
    backbone: BackboneChoice | str | os.PathLike[str] | None = None,
    *,
    normalise: NormaliseLike | None = None,
    known: Embedded | None = None,
    strangers: Iterable[ImageLike] = (),
    on_picture: Callable[[], None] | None = None,
    on_unreadable: Callable[[ImageError], None] | None = None,
) -> EmbeddedExamples:
    """Embed every picture once; by far the longest part of teaching.

    Args:
        examples: pictures and labels; at least two labels.
        backbone: what to learn on, as in ``teach``; so is ``normalise``.
        known: by their places, what was embedded already by the same backbone and fit.
        strangers: pictures of nothing that is taught, as in ``teach``.
        on_picture: called after each picture, for a progress bar.
        on_unreadable: called for each broken picture, which is then left out; None: raise.

    Raises:
        ArgumentError: something else than pairs of picture and label, or no backbone.
        DataError: fewer than two labels with a readable picture.
        ImageError: a picture cannot be read and ``on_unreadable`` is None.
        ModelError, MissingExtraError: the backbone cannot be used.
    """
    choice = BackboneChoice.of(backbone, normalise)
    examples = checked_pairs(examples)
    check_labels([label for _, label in examples])
    embedder, known = choice.open(), known or {}
    answers = embedder.embed_or_error(picture for place, (picture, _) in enumerate(examples) if place not in known)
    # Filled as they come: a list beside the array would take the memory of both.
    features = np.empty((len(examples), embedder.dim), np.float32)
    kept: list[Example] = []
    for place, example in enumerate(examples):
        answer = known[place] if place in known else next(answers)
        if on_picture is not None:
            on_picture()
        if isinstance(answer, ImageError):
            if on_unreadable is None:
                raise answer
            on_unreadable(answer)
            continue
        features[len(kept)] = answer
        kept.append(example)
    check_labels([label for _, label in kept])
    marked, marked_features = _embedded_strangers(embedder, strangers, on_unreadable)
    return EmbeddedExamples(choice, embedder, tuple(kept), features[: len(kept)], marked, marked_features)


def _embedded_strangers(
    embedder: Backbone, strangers: Iterable[ImageLike], on_unreadable: Callable[[ImageError], None] | None
) -> tuple[tuple[ImageLike, ...], NDArray[np.float32] | None]:
    pictures = several(strangers) if strangers else ()
    pictures, kept, features = list(pictures), [], []
    for picture, answer in zip(pictures, embedder.embed_or_error(pictures), strict=True):
        if not isinstance(answer, ImageError):
            kept.append(picture)
            features.append(answer)
        elif on_unreadable is None:
            raise answer
        else:
            on_unreadable(answer)
    return tuple(kept), np.stack(features) if features else None


def teach(
    examples: Iterable[Example],
    backbone: BackboneChoice | str | os.PathLike[str] | None = None,
    *,
    normalise: NormaliseLike | None = None,
    fit: Fit | str | None = None,
    learner: str = DEFAULT_LEARNER,
    unknown_rate: float = UNKNOWN_RATE,
    strangers: Iterable[ImageLike] = (),
    on_picture: Callable[[], None] | None = None,
    on_unreadable: Callable[[ImageError], None] | None = None,
) -> TaughtModel:
    """Learn labels from pictures: their embeddings, and a head on top.

    Cross-validation chooses the regularisation and, where pictures are not square, the fit; ``selection`` of the model
    says how.

    Args:
        examples: pictures and labels, as ``find_examples`` gives them; at least two labels.
        backbone: a built-in name such as ``lite0``, whose last blocks count too, or the path of a ``.tflite``; None:
            the default at 224 pixels. A ``BackboneChoice`` is taken as it is, with its fit.
        normalise: what a ``.tflite`` sees of pixel values, as for ``Classifier``; the model made of it keeps it.
        fit: how a picture meets the input: cover, contain or squash; None: chosen.
        unknown_rate: share of known pictures that can be called unknown, 0 to below 1.
        strangers: pictures of nothing that is taught, such as those that were named wrongly; what looks like them is
            unknown.
        learner: fits the head: ``logistic``, ``centroid``, or the name of one that an installed package adds.
        on_picture: called after each picture, for a progress bar.
        on_unreadable: called for each broken picture, which is then left out; None: raise.

    Raises:
        ArgumentError: something else than pairs of picture and label, no such backbone, fit or
            learner, or ``unknown_rate`` out of range.
        DataError: fewer than two labels with a readable picture.
        ImageError: a picture cannot be read and ``on_unreadable`` is None.
        ModelError, MissingExtraError: the backbone or the learner cannot be used.
    """
    checked_rate(unknown_rate)
    fits_head = row(LEARNERS, learner, "learner")
    fits_head.check()
    choice, selection, known = BackboneChoice.of(backbone, normalise), None, None
    if not isinstance(backbone, BackboneChoice):
        choice = replace(choice, multi_layer=choice.takes_layers)
    if fit is not None:
        choice = replace(choice, fit=check_fit(fit))
    elif not isinstance(backbone, BackboneChoice):
        examples = checked_pairs(examples)
        check_labels([label for _, label in examples])
        search = search_fit(examples, choice, fits_head)
        choice, selection, known = search.choice, search.selection, search.embedded
    embedded = embed_examples(
        examples, choice, known=known, strangers=strangers, on_picture=on_picture, on_unreadable=on_unreadable
    )
    return embedded.model(unknown_rate, learner, search=selection)


def checked_pairs(examples: Iterable[Example]) -> list[Example]:
    """``examples`` as a list, if they are pairs of picture and label.

    Raises:
        ArgumentError: they are something else, such as the path of a folder.
    """
    if isinstance(examples, str | os.PathLike):
        raise ArgumentError(
            f"examples {short(examples)}: expected pairs of picture and label; get them by find_examples()"
        )
    pairs = list(examples) if isinstance(examples, Iterable) else [examples]
    for pair in pairs:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise ArgumentError(f"examples {short(pair)}: expected pairs of picture and label")
    return pairs


def check_labels(labels: Sequence[str]) -> None:
    """Refuse fewer than two labels, and one that cannot be a line of a label file.

    Raises:
        ArgumentError: a label is not text.
        DataError: fewer than two, or a label that is empty or has several lines, which is named.
    """
    for label in labels:
        if not isinstance(label, str):
            raise ArgumentError(f"label {short(label)}: expected text, such as the name of a folder")
    names = sorted(set(labels))
    if len(names) < 2:
        raise DataError(
            f"{len(names)} label with pictures ({', '.join(names) or 'none'}): teaching needs at least 2; add a folder"
        )
    for name in names:
        if not name.strip() or len(name.splitlines()) != 1 or "\0" in name:
            raise DataError(f"label {name!r}: expected a name on one line")
        if not is_text(name):
            raise DataError(f"label {name!r}: its bytes are not UTF-8 text; rename the folder")


def first_of_each_label(examples: Sequence[Example]) -> list[ImageLike]:
    """The first picture of each label, in the order the labels appear."""
    first: dict[str, ImageLike] = {}
    for picture, label in examples:
        first.setdefault(label, picture)
    return list(first.values())
