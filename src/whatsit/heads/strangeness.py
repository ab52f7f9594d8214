"""The rule for *unknown*: how strange a picture is, far from all that was taught or near it and none of it.

Three measurements of an L2-normalised embedding, each in standard deviations over the taught pictures (z), which are
measured as if they had not been taught:

- *far*: the distance to the nearest class mean. It tells pictures of something else entirely, and counts squared.
- *near*: how little of what tells the classes apart points to one of them. From the centre of the class means, features
  divided by their spread, the scalar product with the nearest class (diagonal discriminant analysis, Dudoit et al.
  2002, "Comparison of Discrimination Methods"). It tells the relatives of taught things.
- *marked*: the cosine, from the centre, with the nearest stranger that a person marked.

docs/decisions/unknown-inside-the-file.md has what was measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError, ModelError
from whatsit.heads.limits import FAR, MARKED, NEAR, Layout, Limits, Scale, Verdict
from whatsit.heads.linear import npy_bytes, read_npy
from whatsit.heads.unknown import ENOUGH_HELD_OUT, NOISE, UNKNOWN_RATE, Floats, means, normalised, unit_means
from whatsit.validation import unknown_rate as checked_rate

MOST_STRANGERS = 32
"""Marked strangers that a model keeps; of more, those farthest apart."""
_SOFTENING = 0.01
"""Added to the spread of features of unit vectors: one that hardly varies is not blown up."""
_USUAL, _USUAL_PICTURES = 1.9, 30
"""The sum that five in a hundred taught pictures exceed, in many sets, and how many pictures it counts as."""
_ROOM = 0.25
_NEAR_COUNTS, _NEAR_LESS = 1.4, 2.0
"""Weight of *near*: the first less the second by the pictures of a class. Few of them measure it poorly."""
_TINY = 1e-6
_ROWS = 256

_FILES = ("unknown_means.npy", "unknown_spread.npy", "unknown_strangers.npy")


@dataclass(frozen=True, eq=False)
class Fitting:
    """All of a rule that marked strangers leave as it is: with others, it is made again in a moment."""

    plain: "UnknownRule"
    """The rule before its limits are set, without marked strangers."""
    ends: Floats
    """Of the pictures that the measurements are taken from, L2-normalised, shape (pictures, width)."""
    own: "_Apart"
    """*Far* and *near* of those in ``counted``."""
    counted: NDArray[np.bool_]
    """Which of the pictures they are, shape (pictures,)."""
    other: "_Apart | None"
    """The same of all, each without its whole class; None: there is nothing to leave out."""
    dim: int
    near_weight: float
    """What *near* counts in the sum, beside *far*."""

    @classmethod
    def of(
        cls, embeddings: Floats, classes: NDArray[np.intp], *, held_out: Floats | None = None,
        layout: Layout | None = None,
    ) -> "Fitting | None":  # fmt: skip
        """Of taught pictures; see ``UnknownRule.fitted``."""
        count = int(classes.max(initial=-1)) + 1
        sizes = np.bincount(classes, minlength=count)
        held = held_out if held_out is not None and len(held_out) >= ENOUGH_HELD_OUT else None
        if not count or (held is None and sizes.max() < 2):
            return None
        centres = unit_means(embeddings, classes, count).astype(np.float32)
        spread = _spread(embeddings, centres.mean(axis=0))
        ends = normalised(_end(embeddings, layout))
        scale, weight = Scale(0.0, 1.0), max(_NEAR_COUNTS - _NEAR_LESS * count / len(classes), 1.0)
        rule = UnknownRule(
            centres, means(ends, classes, count).astype(np.float32), spread,
            np.empty((0, ends.shape[1]), np.float32), Limits(scale, scale, None, 0.0, 1.0, layout),
        )  # fmt: skip
        if held is not None:
            ends = normalised(_end(held, layout))
            own, counted = rule._apart(normalised(held), ends), np.ones(len(held), np.bool_)
            return cls(rule, ends, own, counted, None, embeddings.shape[1], weight)
        own, other = rule._left_out(normalised(embeddings), ends, classes)
        return cls(rule, ends, own, sizes[classes] > 1, other, embeddings.shape[1], weight)

    def rule(self, unknown_rate: float, strangers: Floats | None = None) -> "UnknownRule":
        """The rule with marked strangers, raw, shape (strangers, dim); None: without.

        Raises:
            DataError: ``unknown_rate`` is out of range, or strangers are of another backbone.
        """
        checked_rate(unknown_rate)
        rule = self.plain
        if strangers is not None and len(strangers):
            if strangers.ndim != 2 or strangers.shape[1] != self.dim:
                raise DataError(f"strangers of shape {strangers.shape}: expected (n, {self.dim})")
            ends = normalised(_end(strangers, rule.limits.layout))
            rule = replace(rule, strangers=rule._directions(_farthest(ends)))
        marked = rule._marked(self.ends)
        own = *self.own, None if marked is None else marked[self.counted]
        other = None if self.other is None else (*self.other, marked)
        return rule._calibrated(own, other, unknown_rate, self.near_weight)


@dataclass(frozen=True, eq=False)
class UnknownRule:
    """The rule with its data, all float32, for ``n`` classes and embeddings of ``dim`` numbers."""

    means: Floats
    """Shape (n, dim): each class's mean L2-normalised embedding."""
    ends: Floats
    """Shape (n, width): the same of what ``limits.layout`` takes of an embedding."""
    spread: Floats
    """Shape (dim,): the features' standard deviation over the taught pictures, from the centre."""
    strangers: Floats
    """Shape (strangers, width): directions of the marked strangers from the centre, of length 1."""
    limits: Limits

    @classmethod
    def fitted(
        cls, embeddings: Floats, classes: NDArray[np.intp], unknown_rate: float = UNKNOWN_RATE, *,
        strangers: Floats | None = None, held_out: Floats | None = None, layout: Layout | None = None,
    ) -> "UnknownRule | None":  # fmt: skip
        """The rule for taught pictures; None where there is nothing to compare: no class has two.

        The limit is the (1 - ``unknown_rate``) quantile of the taught pictures' sums; few of them say little of it, so
        the usual limit counts as 30 pictures beside them. Where a gap opens between that and the ``unknown_rate``
        quantile of their sums towards the other classes, it is moved a quarter into the gap: pictures of one session
        lie closer together than tomorrow's, and the gap leaves room for those.

        Args:
            embeddings: of the taught pictures, raw, shape (pictures, dim).
            classes: the class of each, from 0; none is missing.
            unknown_rate: share of known pictures that can be called unknown, 0 to below 1.
            strangers: embeddings of marked strangers, raw, shape (strangers, dim).
            held_out: of pictures of the same classes that were not trained on, raw; with ``ENOUGH_HELD_OUT`` or more
                the measurements are taken from these.
            layout: what *far* and *marked* look at; None: all.

        Raises:
            DataError: ``unknown_rate`` is out of range, or strangers are of another backbone.
        """
        checked_rate(unknown_rate)
        fitting = Fitting.of(embeddings, classes, held_out=held_out, layout=layout)
        return None if fitting is None else fitting.rule(unknown_rate, strangers)

    def judge(self, embedding: Floats) -> Verdict:
        """How strange the picture with this raw embedding, shape (dim,), is."""
        raw = embedding[np.newaxis]
        ends = normalised(_end(raw, self.limits.layout))
        measured = self._measured(normalised(raw), ends)
        far, near, marked = (float(part[0]) for part in self._parts(measured))
        strangeness = self._strangeness(far + near + marked)
        if strangeness <= 1:
            return Verdict(strangeness)
        if self._strangeness(far + near) <= 1:
            return Verdict(strangeness, MARKED)
        if float(measured[0][0]) <= NOISE:  # as near as another encoding of a taught picture
            return Verdict(1.0)
        return Verdict(strangeness, FAR if far >= near else NEAR)

    def of_classes(self, means: Floats) -> "UnknownRule":
        """The rule for other class means, shape (n, dim), where it looks at whole embeddings."""
        return self if means is self.means else replace(self, means=means, ends=means)

    def to_files(self) -> dict[str, bytes]:
        """The files inside a model, without ``means`` and ``limits``: ``.npy`` of float16."""
        arrays = dict(zip(_FILES, (self.ends, self.spread[np.newaxis], self.strangers), strict=True))
        return {name: npy_bytes(array.astype(np.float16)) for name, array in arrays.items() if len(array)}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that a program without whatsit needs, as it computes: see ``deployment.unknown``."""
        limits, dim = self.limits, self.means.shape[1]
        marked = limits.marked or Scale(0.0, 1.0)
        scales = limits.far, limits.near, marked
        rows = [[one.mean for one in scales], [one.deviation for one in scales]]
        strangers = self.strangers if len(self.strangers) else np.zeros((1, self.ends.shape[1]), np.float32)
        return {
            "layout": np.array(limits.layout or (1, dim)), "noise": np.array(NOISE),
            "scales": np.array(rows), "limits": np.array([limits.limit, limits.middle]),
            "ends": self.ends, "end_centre": self._centre[1], "strangers": strangers,
            "weights": self._weights, "centre": self._centre[0],
        }  # fmt: skip

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], means: Floats, limits: Limits, name: str) -> Self:
        """From the files inside a model, its prototypes, shape (n, dim), and the card's numbers.

        Raises:
            ModelError: a file is missing, no array, or of the wrong shape.
        """
        dim = means.shape[1]
        groups, width = limits.layout or (1, dim)
        wanted = {_FILES[0]: (len(means), width), _FILES[1]: (1, dim)}
        if limits.marked is not None:
            wanted[_FILES[2]] = (-1, width)
        found = {}
        for file, (rows, columns) in wanted.items():
            if file not in files:
                raise ModelError(f"{name}: {file} is missing inside the model; export it again")
            array = found[file] = read_npy(files[file], f"{file} in {name}")
            if array.ndim != 2 or array.shape != (len(array) if rows < 0 else rows, columns) or not len(array):
                raise ModelError(f"{name}: {file} has shape {array.shape} for {len(means)} classes of {dim} features")
        if groups * width > dim or not (found[_FILES[1]] > 0).all():
            raise ModelError(f"{name}: the numbers for unknown do not go with the network; export it again")
        strangers = found.get(_FILES[2], np.empty((0, width), np.float32))
        return cls(means, found[_FILES[0]], found[_FILES[1]][0], strangers, limits)

    @cached_property
    def _centre(self) -> tuple[Floats, Floats]:
        return self.means.mean(axis=0), self.ends.mean(axis=0)

    @cached_property
    def _weights(self) -> Floats:
        return np.asarray((self.means - self._centre[0]) / self.spread**2, np.float32)

    @cached_property
    def _squares(self) -> Floats:
        return np.asarray((self.ends**2).sum(axis=1))

    def _directions(self, ends: Floats) -> Floats:
        return normalised(np.asarray(ends - self._centre[1], np.float32))

    def _away(self, ends: Floats) -> NDArray[np.float64]:
        """Distances of unit vectors to every class, shape (m, n)."""
        squared = (ends**2).sum(axis=1)[:, np.newaxis] + self._squares - 2 * ends @ self.ends.T
        return np.asarray(np.sqrt(np.maximum(squared, 0.0)), np.float64)

    def _marked(self, ends: Floats) -> NDArray[np.float64] | None:
        if not len(self.strangers):
            return None
        return np.asarray((self._directions(ends) @ self.strangers.T).max(axis=1), np.float64)

    def _apart(self, unit: Floats, ends: Floats) -> "_Apart":
        """Far and near of L2-normalised embeddings, each shape (m,)."""
        near = normalised(np.asarray(unit - self._centre[0], np.float32)) @ self._weights.T
        return self._away(ends).min(axis=1), -near.max(axis=1).astype(np.float64)

    def _measured(self, unit: Floats, ends: Floats) -> "_Measured":
        """The same, and marked."""
        return *self._apart(unit, ends), self._marked(ends)

    def _left_out(self, unit: Floats, ends: Floats, classes: NDArray[np.intp]) -> "tuple[_Apart, _Apart | None]":
        """Far and near of the taught pictures: each without itself, and without its whole class."""
        rows, count = np.arange(len(classes)), len(self.means)
        n = np.bincount(classes, minlength=count)[classes].astype(np.float64)
        less = np.maximum(n - 1, 1)
        away = self._away(ends)
        # |x - mean of the others| = |x - mean of all| n / (n - 1), and means of fewer scatter more.
        own = away[rows, classes] * (n / less) * np.sqrt((1 + 1 / n) / (1 + 1 / less))
        away[rows, classes] = own
        near = np.empty((len(unit), count))
        itself = np.empty(len(unit))
        for start in range(0, len(unit), _ROWS):
            some = slice(start, start + _ROWS)
            apart = normalised(np.asarray(unit[some] - self._centre[0], np.float32))
            near[some] = apart @ self._weights.T
            itself[some] = ((apart / self.spread**2) * (unit[some] - self._centre[0])).sum(axis=1)
        near[rows, classes] = (n * near[rows, classes] - itself) / less
        kept = n > 1
        without = away.copy(), near.copy()
        without[0][rows, classes], without[1][rows, classes] = np.inf, -np.inf
        own_parts = away.min(axis=1)[kept], -near.max(axis=1)[kept]
        if count < 2:
            return own_parts, None
        return own_parts, (without[0].min(axis=1), -without[1].max(axis=1))

    def _calibrated(self, own: "_Measured", other: "_Measured | None", unknown_rate: float, near_weight: float) -> Self:
        far, near, marked = own
        measured_near = Scale.of(near)
        rule = replace(self, limits=Limits(
            Scale.of(far, NOISE), replace(measured_near, deviation=measured_near.deviation / near_weight),
            None if marked is None else Scale.of(marked), 0.0, 1.0, self.limits.layout,
        ))  # fmt: skip
        sums = rule._sums(own)
        measured, middle = float(np.quantile(sums, 1 - unknown_rate)), float(np.median(sums))
        usual = _USUAL * NormalDist().inv_cdf(1 - max(unknown_rate, 0.001)) / NormalDist().inv_cdf(1 - UNKNOWN_RATE)
        limit = (len(sums) * measured + _USUAL_PICTURES * usual) / (len(sums) + _USUAL_PICTURES)
        if other is not None:
            # A stranger points to no class; a picture of another class can point away from all that are left.
            elsewhere = other[0], np.minimum(other[1], 0.0), other[2]
            towards = _root(float(np.quantile(rule._sums(elsewhere), unknown_rate)))
            # Of roots, as the sum grows with the square of the distance.
            root = _root(limit) + _ROOM * (towards - _root(limit))
            limit = max(limit, root * abs(root))
        return replace(rule, limits=replace(rule.limits, middle=middle, limit=max(limit, middle + 1.0)))

    def _parts(self, measured: "_Measured") -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        far, near, marked = measured
        limits = self.limits
        z = limits.marked(marked) if limits.marked is not None and marked is not None else np.zeros(len(far))
        apart = limits.near(near) if len(self.means) > 1 else np.zeros(len(far))
        return np.maximum(limits.far(far), 0.0) ** 2, apart, z

    def _sums(self, measured: "_Measured") -> NDArray[np.float64]:
        far, near, marked = self._parts(measured)
        return np.asarray(far + near + marked)

    def _strangeness(self, total: float) -> float:
        """1 at the limit, 0.5 at the middle, above 0 and without end: one over or one plus the steps between them."""
        steps = (total - self.limits.limit) / (self.limits.limit - self.limits.middle)
        return 1 + steps if steps > 0 else 1 / (1 - steps)


_Apart = tuple[NDArray[np.float64], NDArray[np.float64]]
_Measured = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]


def class_numbers(targets: Sequence[str]) -> NDArray[np.intp]:
    """The class of each label, from 0, in alphabetical order."""
    return np.asarray(np.unique(np.asarray(targets), return_inverse=True)[1], np.intp)


def _end(embeddings: Floats, layout: Layout | None) -> Floats:
    if layout is None:
        return embeddings
    groups, width = layout
    found = np.empty((len(embeddings), width), np.float32)
    for start in range(0, len(embeddings), _ROWS):
        some = embeddings[start : start + _ROWS, -groups * width :]
        found[start : start + _ROWS] = some.reshape(-1, groups, width).mean(axis=1)
    return found


def _spread(embeddings: Floats, centre: Floats) -> Floats:
    total, squares = np.zeros(embeddings.shape[1]), np.zeros(embeddings.shape[1])
    for start in range(0, len(embeddings), _ROWS):
        apart = normalised(np.asarray(normalised(embeddings[start : start + _ROWS]) - centre, np.float32))
        total += apart.sum(axis=0, dtype=np.float64)
        squares += (apart.astype(np.float64) ** 2).sum(axis=0)
    count = len(embeddings)
    variance = np.maximum(squares / count - (total / count) ** 2, 0.0)
    return np.asarray(np.sqrt(variance) + _SOFTENING, np.float32)


def _farthest(unit: Floats) -> Floats:
    """At most ``MOST_STRANGERS``: the first, then always the one farthest from those chosen."""
    if len(unit) <= MOST_STRANGERS:
        return unit
    chosen, nearest = [0], ((unit - unit[0]) ** 2).sum(axis=1)
    while len(chosen) < MOST_STRANGERS:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((unit - unit[chosen[-1]]) ** 2).sum(axis=1))
    return unit[sorted(chosen)]


def _root(value: float) -> float:
    return float(np.sign(value) * np.sqrt(abs(value)))
