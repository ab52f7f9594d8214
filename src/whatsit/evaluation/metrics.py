"""How good a classifier is on pictures it has not seen, as values: no drawing, no files."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.imaging.image import ImageLike

_Z = 1.959964  # the normal distribution's 97.5 % point: intervals hold 95 %
_BINS = 10


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """One test picture and what the classifier says of it."""

    picture: ImageLike
    label: str
    """The true label."""
    predicted: str
    score: float
    """0..1, of the predicted class."""
    strangeness: float | None
    """Above 1 is unknown; None for models that never say so."""
    unknown: bool

    @property
    def right(self) -> bool:
        """Whether the best class is the true one, whether or not it is *unknown*."""
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
    """The pictures whose best score lies between ``low`` and ``high``."""

    low: float
    high: float
    pictures: int
    score: float
    """Their mean score."""
    accuracy: float


@dataclass(frozen=True, slots=True)
class RejectionPoint:
    """With ``threshold`` as the largest known strangeness: the share answered, and the accuracy on it, both 0..1."""

    threshold: float
    answered: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of testing one model."""

    judged: tuple[JudgedPicture, ...]
    labels: tuple[str, ...]
    """The model's classes, then those that only the test pictures have."""
    never_taught: tuple[str, ...]
    """Classes that only the test pictures have: those pictures count as wrong."""
    threshold: float | None
    """The model's strangeness for *unknown*."""
    unreadable: tuple[str, ...] = ()
    """Why pictures were left out."""

    @property
    def right(self) -> int:
        """Pictures whose best class is the true one."""
        return sum(one.right for one in self.judged)

    @property
    def accuracy(self) -> float:
        """The share of pictures that are right, 0..1."""
        return self.right / len(self.judged)

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes that have pictures, 0..1: every class counts the same, however large it is."""
        return float(np.mean([measure.recall for measure in self.classes if measure.recall is not None]))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.right, len(self.judged))

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Shape (classes, classes): rows are true classes, columns predicted ones, in the order of ``labels``."""
        place = {label: index for index, label in enumerate(self.labels)}
        table = np.zeros((len(place), len(place)), np.int64)
        for one in self.judged:
            table[place[one.label], place[one.predicted]] += 1
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
        """Ten bins of equal width over the best score; those without pictures are left out."""
        return calibration_bins([a.score for a in self.judged], [a.right for a in self.judged])

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, 0..1 (Guo et al. 2017, equation 3)."""
        total = len(self.judged)
        return sum(abs(found.score - found.accuracy) * found.pictures / total for found in self.calibration)

    @property
    def rejection(self) -> tuple[RejectionPoint, ...]:
        """Accuracy from answering all pictures down to a tenth of them; empty for models that never say
        unknown."""
        known = [(a.strangeness, a.right) for a in self.judged if a.strangeness is not None]
        return rejection_curve(*zip(*known, strict=True)) if known else ()

    @property
    def answered(self) -> float:
        """The share of pictures that are not unknown, 0..1."""
        return 1 - sum(one.unknown for one in self.judged) / len(self.judged)

    @property
    def accuracy_answered(self) -> float | None:
        """The accuracy on those; None where every picture is unknown."""
        known = [one.right for one in self.judged if not one.unknown]
        return sum(known) / len(known) if known else None

    @property
    def wrong(self) -> tuple[JudgedPicture, ...]:
        """The pictures that are wrong, those with the highest score first."""
        return tuple(sorted((one for one in self.judged if not one.right), key=lambda one: -one.score))


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of ``right / total`` (Wilson 1927), which also holds for few pictures and near 0 or 1."""
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


def rejection_curve(strangeness: Sequence[float], right: Sequence[bool]) -> tuple[RejectionPoint, ...]:
    """Accuracy of the least strange 100 %, 95 % … 10 % of the pictures."""
    order = np.argsort(strangeness, kind="stable")
    away, hits = np.asarray(strangeness)[order], np.asarray(right, float)[order]
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
