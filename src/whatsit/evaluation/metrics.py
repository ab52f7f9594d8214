"""How good a classifier is on pictures it has not seen, as values: no drawing, no files."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError, ImageError
from whatsit.imaging.image import ImageLike
from whatsit.models.classifier import Classifier

_Z = 1.959964  # the normal distribution's 97.5 % point: intervals hold 95 %
_BINS = 10
Example = tuple[ImageLike, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the classifier said of one picture."""

    picture: ImageLike
    label: str
    """The truth."""
    predicted: str
    score: float
    """0..1, of the predicted class."""
    distance: float | None
    """To the nearest class; None for models that cannot tell."""
    unknown: bool

    @property
    def right(self) -> bool:
        """Whether the best class is the true one; *unknown* is counted apart."""
        return self.label == self.predicted


@dataclass(frozen=True, slots=True)
class ClassMeasure:
    """One class; precision is None where it was never predicted, recall where it has no pictures."""

    label: str
    pictures: int
    precision: float | None
    recall: float | None
    f1: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Pictures whose best score lies between ``low`` and ``high``."""

    low: float
    high: float
    pictures: int
    score: float
    """Mean."""
    accuracy: float


@dataclass(frozen=True, slots=True)
class RejectionPoint:
    """Refusing what is farther than ``threshold``: the share answered, and the accuracy of the answers."""

    threshold: float
    answered: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The held-out test of one model."""

    answers: tuple[Answer, ...]
    labels: tuple[str, ...]
    """The model's classes, then those that only the test has."""
    strange: tuple[str, ...]
    """Classes of the test that the model never saw: their pictures count as wrong."""
    threshold: float | None
    """The model's, decided on validation pictures."""
    unreadable: tuple[str, ...] = ()

    @property
    def right(self) -> int:
        """Pictures whose best class is the true one."""
        return sum(answer.right for answer in self.answers)

    @property
    def accuracy(self) -> float:
        """0..1"""
        return self.right / len(self.answers)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.right, len(self.answers))

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Shape (classes, classes): rows the truth, columns the answer, in the order of ``labels``."""
        place = {label: index for index, label in enumerate(self.labels)}
        table = np.zeros((len(place), len(place)), np.int64)
        for answer in self.answers:
            table[place[answer.label], place[answer.predicted]] += 1
        return table

    @property
    def classes(self) -> tuple[ClassMeasure, ...]:
        """Precision, recall and F1 of every class."""
        table = self.confusion
        return tuple(
            _class_measure(label, int(table[i, i]), int(table[i].sum()), int(table[:, i].sum()))
            for i, label in enumerate(self.labels)
        )

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that have pictures."""
        return float(np.mean([measure.f1 for measure in self.classes if measure.pictures]))

    @property
    def calibration(self) -> tuple[CalibrationBin, ...]:
        """The bins of equal width that have pictures."""
        return calibration_bins([a.score for a in self.answers], [a.right for a in self.answers])

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, 0..1 (Guo et al. 2017, equation 3)."""
        total = len(self.answers)
        return sum(abs(found.score - found.accuracy) * found.pictures / total for found in self.calibration)

    @property
    def rejection(self) -> tuple[RejectionPoint, ...]:
        """From answering everything down to answering a tenth; empty where the model has no distances."""
        known = [(a.distance, a.right) for a in self.answers if a.distance is not None]
        return rejection_curve(*zip(*known, strict=True)) if known else ()

    @property
    def answered(self) -> float:
        """The share of pictures not called unknown."""
        return 1 - sum(answer.unknown for answer in self.answers) / len(self.answers)

    @property
    def accuracy_answered(self) -> float | None:
        """The accuracy on those; None where everything was refused."""
        known = [answer.right for answer in self.answers if not answer.unknown]
        return sum(known) / len(known) if known else None

    @property
    def wrong(self) -> tuple[Answer, ...]:
        """The wrong answers, the surest first."""
        return tuple(sorted((a for a in self.answers if not a.right), key=lambda answer: -answer.score))


def evaluate(
    classifier: Classifier, examples: Sequence[Example], *, on_picture: Callable[[], None] = lambda: None
) -> Evaluation:
    """Classify every picture and compare.

    Unreadable pictures are listed and left out. Classes that the model does not have count as wrong.

    Raises:
        DataError: no pictures that can be read.
    """
    answers, unreadable = [], []
    many = classifier.classify_many((picture for picture, _ in examples), 1, errors="return")
    for (picture, label), found in zip(examples, many, strict=True):
        on_picture()
        if isinstance(found, ImageError):
            unreadable.append(str(found))
            continue
        best = found[0]
        answers.append(Answer(picture, label, best.label, best.score, found.distance, found.unknown))
    if not answers:
        raise DataError("no pictures to test on: put some in the test split, as  whatsit dataset split  shows")
    strange = tuple(sorted({answer.label for answer in answers} - set(classifier.labels)))
    return Evaluation(tuple(answers), (*classifier.labels, *strange), strange, classifier.threshold, tuple(unreadable))


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927): honest also for few pictures and near 0 or 1."""
    if total == 0:
        return 0.0, 1.0
    share, spread = right / total, _Z**2 / total
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration_bins(scores: Sequence[float], right: Sequence[bool]) -> tuple[CalibrationBin, ...]:
    """Ten bins of equal width over 0..1; those without pictures are left out."""
    values, hits = np.asarray(scores), np.asarray(right, float)
    bins = np.minimum((values * _BINS).astype(int), _BINS - 1)
    found = []
    for number in range(_BINS):
        inside = bins == number
        if inside.any():
            score, accuracy = float(values[inside].mean()), float(hits[inside].mean())
            found.append(CalibrationBin(number / _BINS, (number + 1) / _BINS, int(inside.sum()), score, accuracy))
    return tuple(found)


def rejection_curve(distances: Sequence[float], right: Sequence[bool]) -> tuple[RejectionPoint, ...]:
    """Accuracy of the nearest 100 %, 95 % … 10 % of the pictures."""
    order = np.argsort(distances, kind="stable")
    away, hits = np.asarray(distances)[order], np.asarray(right, float)[order]
    points = {}
    for share in np.arange(100, 9, -5) / 100:
        count = max(1, round(share * len(away)))
        points[count] = RejectionPoint(float(away[count - 1]), count / len(away), float(hits[:count].mean()))
    return tuple(points.values())


def _class_measure(label: str, right: int, pictures: int, predicted: int) -> ClassMeasure:
    precision = right / predicted if predicted else None
    recall = right / pictures if pictures else None
    f1 = 2 * right / (pictures + predicted) if pictures + predicted else 0.0
    return ClassMeasure(label, pictures, precision, recall, f1)
