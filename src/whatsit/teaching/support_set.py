"""What a self-learning classifier was taught and what it made of it, as pure values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.unknown import Floats, gap_threshold, leave_one_out, means, normalised, squared_distances
from whatsit.models.prediction import softmax
from whatsit.validation import unknown_rate as checked_rate

MAX_ROUNDS = 100
"""Seeded k-means comes to rest in a handful of rounds; rounding may at worst make it oscillate."""

_SHARPNESS = 10.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What leave-one-out over the taught embeddings says of distances; None where too little was taught."""

    threshold: float | None = None
    """Largest raw distance still taken for a taught class."""
    unit_threshold: float | None = None
    """The same between L2-normalised embeddings, 0..2."""
    spread: float | None = None
    """Root mean square of raw distances within a class."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Classes of one picture each, samples, and the prototypes learnt from both; every change is a new value.

    ``n`` classes, ``m`` samples, embeddings of ``f`` floats.
    """

    labels: tuple[str | None, ...]
    """A name a class, None where it has none."""
    pictures: Floats
    """Shape (n, f): the embedding each class began with."""
    centres: Floats
    """Shape (n, f): the prototypes in use, raw."""
    unit_centres: Floats
    """Shape (n, f): means of the same embeddings after L2-normalising each."""
    samples: Floats
    """Shape (m, f)"""
    owners: tuple[int | None, ...]
    """The class each sample was labelled with, None for an unlabelled one; m of them."""
    calibration: Calibration = Calibration()

    @classmethod
    def none(cls, dim: int) -> "Lesson":
        """Nothing taught yet."""
        empty = np.empty((0, dim), np.float32)
        return cls((), empty, empty, empty, empty, ())

    @property
    def names(self) -> tuple[str, ...]:
        """A name for every class: its own, or "class 0", "class 1" by its place."""
        return tuple(f"class {place}" if label is None else label for place, label in enumerate(self.labels))

    def with_class(self, embedding: Floats, label: str | None) -> "Lesson":
        """One more class, known by a single picture until the next ``learn``."""
        return replace(
            self,
            labels=(*self.labels, label),
            pictures=np.vstack((self.pictures, embedding)),
            centres=np.vstack((self.centres, embedding)),
            unit_centres=np.vstack((self.unit_centres, normalised(embedding))),
        )

    def without_class(self, index: int) -> "Lesson":
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

    def with_sample(self, embedding: Floats, owner: int | None) -> "Lesson":
        """One more sample; the prototypes move at the next ``learn``."""
        return replace(self, samples=np.vstack((self.samples, embedding)), owners=(*self.owners, owner))

    def without_sample(self, index: int) -> "Lesson":
        """The samples after ``index`` move down; the prototypes move at the next ``learn``."""
        return replace(
            self,
            samples=np.delete(self.samples, index, axis=0),
            owners=self.owners[:index] + self.owners[index + 1 :],
        )

    def learnt(self, unknown_rate: float) -> "tuple[Lesson, int]":
        """Prototypes moved to where pictures and samples put them, and distances calibrated.

        Args:
            unknown_rate: share of taught things that may be called unknown, 0 to below 1.

        Returns:
            The new value and the rounds it took; 0 where every prototype was there already.
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
            gap_threshold(unit_members, classes, unknown_rate),
            float(np.sqrt(np.mean(own**2))) if len(own) else None,
        )
        return replace(self, centres=centres, unit_centres=unit_centres, calibration=calibration), rounds

    def scores(self, away: NDArray[np.float64]) -> Floats:
        """Scores 0..1 with sum 1 for raw distances ``away``, shape (n,), to the centres.

        The softmax over classes of -10 d²/s², d the distance and s the root mean square distance within a
        class; while that is unknown, s² is half the mean square distance between classes. The factor 10 gave
        the best likelihood for few-shot clothing, toys and animals; scores say which class is nearest and by
        how much, not whether the picture shows any of them.
        """
        spread = self.calibration.spread or _spread_between(self.centres)
        return softmax(np.asarray(-_SHARPNESS * away**2 / spread**2, np.float32))


def assign(pictures: Floats, samples: Floats, owners: Sequence[int | None]) -> tuple[NDArray[np.intp], int]:
    """Give every sample to a class: a labelled one to its label, the others by seeded k-means.

    Each class starts at its picture, which stays a member for good; a sample goes to the nearest class (the
    first of equals), a class moves to the mean of its members, until no sample changes (Basu, Banerjee and
    Mooney 2002, "Semi-supervised Clustering by Seeding", Constrained-KMeans). Starting at the pictures every
    time makes the outcome independent of the order in which things were added and of earlier rounds.

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
