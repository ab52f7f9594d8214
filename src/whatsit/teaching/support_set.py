"""The support set of few-shot learning: the taught embeddings and the prototypes learnt from them, as a pure value.

Snell, Swersky and Zemel 2017, "Prototypical Networks for Few-shot Learning": a class is the mean of the embeddings of
its few pictures, and the nearest mean names a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ArgumentError
from whatsit.heads.limits import Verdict, by_distance
from whatsit.heads.linear import LinearHead, Prototypes
from whatsit.heads.strangeness import Fitting, UnknownRule
from whatsit.heads.unknown import (
    Floats,
    distances,
    gap_threshold,
    leave_one_out,
    means,
    normalised,
    squared_distances,
)
from whatsit.models.prediction import Prediction, Predictions, softmax
from whatsit.validation import unknown_rate as checked_rate

MAX_ROUNDS = 100
"""Seeded k-means settles in a handful of rounds; rounding can at worst make it oscillate."""

_SHARPNESS = 10.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Distances measured by leaving each taught embedding out in turn; None where too little was taught."""

    threshold: float | None = None
    """Largest raw distance still taken for a taught class."""
    unit_threshold: float | None = None
    """The same between L2-normalised embeddings, 0..2; only in files of earlier versions, for which it decides."""
    spread: float | None = None
    """Root mean square of raw distances within a class."""


@dataclass(frozen=True, slots=True, eq=False)
class SupportSet:
    """Classes of one picture each, further samples, and the prototypes learnt from both; a change is a new value.

    ``n`` classes, ``m`` samples, embeddings of ``f`` floats; all arrays are float32.
    """

    labels: tuple[str | None, ...]
    """One per class, None for a class without a name."""
    pictures: Floats
    """Shape (n, f): the embedding each class was started with."""
    centres: Floats
    """Shape (n, f): the prototypes in use, means of raw embeddings."""
    unit_centres: Floats
    """Shape (n, f): means of the same embeddings after L2-normalising each."""
    samples: Floats
    """Shape (m, f)"""
    owners: tuple[int | None, ...]
    """The class each sample was labelled with, None for an unlabelled one; m of them."""
    calibration: Calibration = Calibration()
    strangers: Floats | None = None
    """Shape (k, f): marked strangers, which count from the next ``learnt``; None: none."""
    rule: UnknownRule | None = None
    """The rule for *unknown* from the last ``learnt``."""
    fitting: Fitting | None = None
    """What it was made of; None: it was read from a file."""

    @classmethod
    def empty(cls, dim: int) -> Self:
        """Nothing taught yet, for embeddings of ``dim`` floats."""
        return cls.of((), np.empty((0, dim), np.float32))

    @classmethod
    def of(
        cls,
        labels: Sequence[str | None],
        pictures: Floats,
        samples: Floats | None = None,
        owners: Sequence[int | None] = (),
        strangers: Floats | None = None,
    ) -> Self:
        """Pictures and samples before any learning: each class is known by its own picture alone.

        Args:
            labels: n of them.
            pictures: shape (n, f), the first picture of each class.
            samples: shape (m, f); None: none.
            owners: the class of each sample, None where it is not known.
            strangers: shape (k, f), of pictures of nothing that is taught; None: none.
        """
        if samples is None:
            samples = np.empty((0, pictures.shape[1]), np.float32)
        return cls(tuple(labels), pictures, pictures, normalised(pictures), samples, tuple(owners), strangers=strangers)

    @property
    def names(self) -> tuple[str, ...]:
        """A name for every class: its label, or "class 0", "class 1" by its place."""
        return tuple(f"class {place}" if label is None else label for place, label in enumerate(self.labels))

    def class_of(self, label: str) -> int:
        """The place of a class by its name.

        Raises:
            ArgumentError: no class, or several, of that name.
        """
        names = self.names
        if names.count(label) != 1:
            known = f"the classes are {', '.join(names)[:120]}" if names else "there are no classes yet"
            raise ArgumentError(f"label {str(label)[:40]!r} names {names.count(label)} classes: {known}")
        return names.index(label)

    def with_class(self, embedding: Floats, label: str | None) -> Self:
        """One more class, known by a single picture until ``learnt``."""
        return replace(
            self,
            labels=(*self.labels, label),
            pictures=np.vstack((self.pictures, embedding)),
            centres=np.vstack((self.centres, embedding)),
            unit_centres=np.vstack((self.unit_centres, normalised(embedding))),
        )

    def without_class(self, index: int) -> Self:
        """The classes after ``index`` move down; samples labelled with it go too, unlabelled ones stay."""
        kept = [place for place, owner in enumerate(self.owners) if owner != index]
        owners = (self.owners[place] for place in kept)
        return replace(
            self,
            labels=self.labels[:index] + self.labels[index + 1 :],
            pictures=np.delete(self.pictures, index, axis=0),
            centres=np.delete(self.centres, index, axis=0),
            unit_centres=np.delete(self.unit_centres, index, axis=0),
            samples=self.samples[kept],
            owners=tuple(owner - 1 if owner is not None and owner > index else owner for owner in owners),
        )

    def with_samples(self, embeddings: Floats, owners: Sequence[int | None]) -> Self:
        """More samples, shape (k, f) or (f,) for one; the prototypes move with ``learnt``."""
        return replace(self, samples=np.vstack((self.samples, embeddings)), owners=(*self.owners, *owners))

    def with_stranger(self, embedding: Floats) -> Self:
        """One more marked stranger, shape (f,)."""
        before = np.empty((0, len(embedding)), np.float32) if self.strangers is None else self.strangers
        return replace(self, strangers=np.vstack((before, embedding)))

    def without_sample(self, index: int) -> Self:
        """The samples after ``index`` move down; the prototypes move with ``learnt``."""
        return replace(
            self,
            samples=np.delete(self.samples, index, axis=0),
            owners=self.owners[:index] + self.owners[index + 1 :],
        )

    def relabelled(self, labels: Sequence[str | None]) -> Self:
        """The same under other labels, one per class."""
        return replace(self, labels=tuple(labels))

    def learnt(self, unknown_rate: float) -> tuple[Self, int]:
        """Prototypes moved to the means of pictures and samples, and the distances calibrated.

        Args:
            unknown_rate: share of taught things that may be called unknown, 0 to below 1.

        Returns:
            The new value and the rounds it took; 0 where every prototype was there already.

        Raises:
            ArgumentError: ``unknown_rate`` is out of range.
        """
        checked_rate(unknown_rate)
        classes, rounds = assign(self.pictures, self.samples, self.owners)
        members = np.vstack((self.pictures, self.samples))
        classes = np.concatenate((np.arange(len(self.pictures)), classes))
        unit_members = normalised(members)
        centres = means(members, classes, len(self.pictures)).astype(np.float32)
        unit_centres = means(unit_members, classes, len(self.pictures)).astype(np.float32)
        if np.array_equal(centres, self.centres) and np.array_equal(unit_centres, self.unit_centres):
            rounds = 0
        own, _ = leave_one_out(members, classes)
        calibration = Calibration(
            gap_threshold(members, classes, unknown_rate),
            None,
            float(np.sqrt(np.mean(own**2))) if len(own) else None,
        )
        learnt = replace(
            self, centres=centres, unit_centres=unit_centres, calibration=calibration,
            fitting=Fitting.of(members, classes), rule=None,
        )  # fmt: skip
        return learnt.marked(self.strangers, unknown_rate), rounds

    def marked(self, strangers: Floats | None, unknown_rate: float) -> Self:
        """The rule made again with these marked strangers, shape (k, f), by the pictures of the last ``learnt``.

        What was read from a file counts them from the next ``learnt``.

        Raises:
            ArgumentError: ``unknown_rate`` is out of range.
        """
        checked_rate(unknown_rate)
        if self.fitting is None:
            return replace(self, strangers=strangers)
        rule = self.fitting.rule(unknown_rate, strangers)
        return replace(self, strangers=strangers, rule=rule.of_classes(self.unit_centres))

    def scores(self, away: NDArray[np.float64]) -> Floats:
        """Scores 0..1 that sum to 1 for raw distances ``away``, shape (n,), to the centres.

        The softmax over classes of -10 d²/s², with d the distance and s the root mean square distance within a
        class; while that is unknown, s² is half the mean square distance between classes. The factor 10 gave the best
        likelihood for few-shot clothing, toys and animals. Scores say which class is nearest and by how much, not
        whether the picture shows any of them.
        """
        return softmax(np.asarray(-self._sharpness * away**2, np.float32))

    def predictions(self, embedding: Floats, top_k: int | None = None) -> Predictions:
        """The nearest classes of one raw embedding, shape (f,), nearest first, with their raw distances.

        ``unknown`` is as ``UnknownRule`` has it. It is False while no class has two pictures to compare, and True while
        there are no classes.

        Args:
            embedding: as the backbone gives it.
            top_k: at most this many classes; None: all.
        """
        if not self.labels:
            return Predictions((), unknown=True)
        away, names = distances(embedding, self.centres), self.names
        scores = self.scores(away)
        nearest = np.argsort(away, kind="stable").tolist()[:top_k]
        found = self._judged(embedding)
        return Predictions(
            tuple(Prediction(names[index], float(scores[index]), index) for index in nearest),
            unknown=found is not None and found.unknown,
            distance=float(away[nearest[0]]),
            distances=tuple(float(away[index]) for index in nearest),
            strangeness=None if found is None else found.strangeness,
            unknown_by="" if found is None else found.by,
        )

    @property
    def says_unknown(self) -> bool:
        """Whether it can call a picture unknown."""
        return self.rule is not None or self.calibration.unit_threshold is not None

    def unknown_rule(self) -> UnknownRule | None:
        """The rule for the classes as they are now, some of which may have come or gone since the last ``learnt``."""
        return None if self.rule is None or not self.labels else self.rule.of_classes(self.unit_centres)

    def _judged(self, embedding: Floats) -> Verdict | None:
        rule = self.unknown_rule()
        if rule is not None:
            return rule.judge(embedding)
        away = distances(normalised(embedding), self.unit_centres)
        return by_distance(float(away.min()), self.calibration.unit_threshold)

    def head(self) -> LinearHead:
        """The linear head with the same scores: -|x - c|² = 2 c·x - |c|² - |x|², and softmax ignores |x|²."""
        centres = self.centres.astype(np.float64)
        weights = 2 * self._sharpness * centres
        bias = -self._sharpness * (centres**2).sum(axis=1)
        # Softmax also ignores what all classes share; without it int8 spends its levels on what tells them apart.
        weights, bias = weights - weights.mean(axis=0), bias - bias.mean()
        return LinearHead(weights.astype(np.float32), bias.astype(np.float32), self.names, normalise=False)

    def prototypes(self) -> Prototypes:
        """What a model file measures *unknown* against."""
        return Prototypes(self.unit_centres, self.names)

    @property
    def _sharpness(self) -> float:
        spread = self.calibration.spread or _spread_between(self.centres)
        return _SHARPNESS / spread**2


def assign(pictures: Floats, samples: Floats, owners: Sequence[int | None]) -> tuple[NDArray[np.intp], int]:
    """Give every sample to a class: a labelled one to its label, the others by seeded k-means.

    Each class starts at its picture, which stays a member; a sample goes to the nearest class (the first of equals),
    a class moves to the mean of its members, until no sample changes (Basu, Banerjee and Mooney 2002,
    "Semi-supervised Clustering by Seeding", Constrained-KMeans). Starting at the pictures every time makes the
    outcome independent of the order of additions and of earlier rounds.

    Args:
        pictures: shape (n, f).
        samples: shape (m, f).
        owners: m of them: a class, or None.

    Returns:
        The class of each sample, shape (m,), and the rounds that changed something.
    """
    labelled = np.array([owner is not None for owner in owners], bool)
    given = np.array([owner if owner is not None else 0 for owner in owners], np.intp)
    everything = np.vstack((pictures, samples))
    seeds = np.arange(len(pictures))
    centres = pictures.astype(np.float64)
    classes: NDArray[np.intp] | None = None
    for rounds in range(MAX_ROUNDS):
        nearest = np.where(labelled, given, squared_distances(samples, centres).argmin(axis=1))
        if classes is not None and np.array_equal(nearest, classes):
            return classes, rounds
        classes = nearest
        centres = means(everything, np.concatenate((seeds, classes)), len(pictures))
    assert classes is not None
    return classes, MAX_ROUNDS


def _spread_between(centres: Floats) -> float:
    exact = centres.astype(np.float64)
    pairs = len(centres) * (len(centres) - 1)
    return float(np.sqrt(squared_distances(centres, exact).sum() / max(1, pairs) / 2)) or 1.0
