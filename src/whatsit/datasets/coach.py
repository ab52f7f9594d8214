"""The coach: what to photograph next and why, and when there is enough. Pure functions on embeddings.

Typicality and coverage choose pictures that stand for many others (Hacohen et al. 2022, "Active Learning on a Budget";
facility location, Wei et al. 2015); leave-one-out accuracy says what is confused and what more pictures would bring.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from whatsit.datasets.fingerprint import COLOUR
from whatsit.datasets.traits import Trait, lacking, same_background

Floats = NDArray[np.float32]

FIRST = 3
"""Pictures of each class before anything is said of their variety."""
STEP, POINT = 20, 0.01
"""There is enough where so many more pictures are expected to raise the accuracy by less than this share."""
MOST = 400
"""Pictures looked at; more are sampled evenly, so that an answer takes milliseconds."""
MOST_LOOKS = 2000
"""Of how many the thumbnails are compared."""
_ALIKE = 0.6
"""A class short of variety: its pictures differ by less than this share of what is usual among the classes."""
_MIXED = 0.15
"""Share of a class's pictures that is taken for one other class, from which the two are called confused."""
_PARTS, _REPEATS = (0.35, 0.5, 0.7), 20


class AdviceKind(StrEnum):
    """What kind of advice it is."""

    START = "start"
    """Something else is needed to tell things from."""
    MORE = "more"
    """A class has too few pictures."""
    VARIETY = "variety"
    """The pictures of a class are all alike: another light, side, distance, background."""
    CONFUSED = "confused"
    """A class is taken for another one: pictures that show the difference."""
    GO_ON = "go on"
    """Nothing stands out, and more pictures still help."""
    ENOUGH = "enough"
    """More pictures are expected to bring less than a point of accuracy."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to photograph next and why."""

    kind: AdviceKind
    label: str = ""
    """The class it is about; empty where it is about none."""
    other: str = ""
    """What ``label`` is confused with."""
    number: int = 0
    """Pictures that are missing, or the percentage that is confused."""
    accuracy: float | None = None
    """Leave-one-out accuracy, 0..1; None while no class has two pictures."""
    readiness: float = 0.0
    """0..1; 1 where there is enough."""
    lacks: Trait | None = None
    """What the pictures of ``label`` lack, where that can be told."""

    @property
    def sentence(self) -> str:
        """The advice in English; the studio says it in other languages by ``kind`` and ``lacks``."""
        where = _WHERE.get(self.lacks) if self.lacks else None
        if where and self.kind is AdviceKind.VARIETY:
            return f"Photograph {self.label} next, {where}: its pictures are all alike."
        if where and self.kind is AdviceKind.GO_ON:
            return f"Photograph {self.label} next, {where}: other classes have such pictures, it has hardly any."
        return {
            AdviceKind.START: "Photograph a second thing next: there is nothing to tell the first one from.",
            AdviceKind.MORE: f"Photograph {self.label} next: {self.number} more, it has the fewest pictures.",
            AdviceKind.VARIETY: (
                f"Photograph {self.label} next, from other sides, in other light: its pictures are all alike."
            ),
            AdviceKind.CONFUSED: (
                f"Photograph {self.label} next, where it looks like {self.other}: "
                f"{self.number} % of its pictures are taken for that."
            ),
            AdviceKind.GO_ON: f"Photograph {self.label} next, as it really looks: more pictures still help.",
            AdviceKind.ENOUGH: f"Enough: {STEP} more pictures would bring less than a point of accuracy.",
        }[self.kind]


_WHERE = {
    Trait.DARK: "where it is darker",
    Trait.BRIGHT: "where it is brighter",
    Trait.WARM: "in warmer light",
    Trait.COLD: "in colder light",
    Trait.NEAR: "from nearer",
    Trait.AWAY: "from farther away",
    Trait.BACKGROUND: "in front of other backgrounds",
}


def advise_by_looks(
    unit: Floats, labels: Sequence[str], hashes: Sequence[str], colours: Callable[[Sequence[str]], Mapping[str, bytes]]
) -> Advice:
    """As ``advise``, and says what the pictures of the class lack where that can be told.

    Args:
        unit: as for ``advise``.
        labels: the class of each picture.
        hashes: its content's SHA-256.
        colours: gives the RGB thumbnails of contents, as ``Catalogue.colours``.
    """
    advice = advise(unit, labels)
    if advice.kind not in (AdviceKind.VARIETY, AdviceKind.GO_ON):
        return advice
    places = np.linspace(0, len(hashes) - 1, min(len(hashes), MOST_LOOKS)).round().astype(int).tolist()
    known = colours([hashes[place] for place in places])
    there = [(known[hashes[place]], labels[place]) for place in places if hashes[place] in known]
    if not any(label == advice.label for _, label in there):
        return advice
    pixels = np.frombuffer(b"".join(one for one, _ in there), np.uint8).reshape(-1, COLOUR, COLOUR, 3)
    names, classes = np.unique([label for _, label in there], return_inverse=True)
    which = int(np.searchsorted(names, advice.label))
    found = lacking(pixels, classes == which)
    if found is None and advice.kind is AdviceKind.VARIETY and same_background(pixels, classes, which):
        found = Trait.BACKGROUND
    return replace(advice, lacks=found)


def advise(unit: Floats, labels: Sequence[str]) -> Advice:
    """What to photograph next.

    Args:
        unit: L2-normalised embeddings of the labelled pictures, shape (pictures, dim).
        labels: the class of each.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        return Advice(AdviceKind.START)
    unit, labels = _sampled(unit, labels)
    classes = np.searchsorted(names, np.asarray(labels))
    sizes = np.bincount(classes, minlength=len(names))
    alike = unit @ unit.T
    said = leave_one_out_classes(alike, classes, len(names))
    right = said == classes
    accuracy = float(right.mean())
    small = int(sizes.argmin())
    if sizes[small] < FIRST:
        share = float(np.minimum(sizes, FIRST).sum() / (FIRST * len(names)))
        missing = FIRST - int(sizes[small])
        return Advice(AdviceKind.MORE, names[small], number=missing, accuracy=accuracy, readiness=share * 0.3)
    gain = expected_gain(alike, classes, len(names), accuracy)
    ready = min(1.0, max(0.3, POINT / max(gain, 1e-6)))
    if gain < POINT:
        return Advice(AdviceKind.ENOUGH, accuracy=accuracy, readiness=1.0)
    confused = np.array([[((classes == a) & (said == b)).sum() for b in range(len(names))] for a in range(len(names))])
    shares = confused / sizes[:, np.newaxis]
    np.fill_diagonal(shares, 0)
    worst, taken_for = np.unravel_index(int(shares.argmax()), shares.shape)
    spread = np.array([_spread(unit[classes == one]) for one in range(len(names))])
    narrow = int(spread.argmin())
    if spread[narrow] < _ALIKE * float(np.median(spread)):
        return Advice(AdviceKind.VARIETY, names[narrow], accuracy=accuracy, readiness=ready)
    if shares[worst, taken_for] >= _MIXED:
        percent = round(100 * float(shares[worst, taken_for]))
        return Advice(AdviceKind.CONFUSED, names[worst], names[taken_for], percent, accuracy=accuracy, readiness=ready)
    return Advice(AdviceKind.GO_ON, names[small], accuracy=accuracy, readiness=ready)


def next_pictures(pool: Floats, taught: Floats, count: int) -> list[int]:
    """Which unlabelled pictures to label next: those that stand for most of the others that nothing taught stands for.

    Greedy facility location: each picture of the pool counts by its similarity to the nearest picture chosen or taught.

    Args:
        pool: L2-normalised embeddings of the unlabelled pictures, shape (pictures, dim).
        taught: of the labelled ones, shape (n, dim); n may be 0.
        count: how many at most.

    Returns:
        Places in ``pool``, the most valuable first.
    """
    alike = pool @ pool.T
    covered = np.full(len(pool), float(alike.min(initial=0.0)), np.float32)
    if len(taught):
        covered = np.maximum(covered, (pool @ taught.T).max(axis=1))
    chosen: list[int] = []
    for _ in range(min(count, len(pool))):
        gains = np.maximum(alike, covered).sum(axis=1)
        gains[chosen] = -np.inf
        chosen.append(int(gains.argmax()))
        covered = np.maximum(covered, alike[chosen[-1]])
    return chosen


def leave_one_out_classes(alike: Floats, classes: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """The class whose mean is nearest to each picture, its own class's mean being that of the others.

    Args:
        alike: the products of all pairs of unit embeddings, shape (pictures, pictures).
        classes: the class of each, from 0.
        count: how many classes there are.
    """
    members = _members(classes, count)
    sizes = members.sum(axis=1)
    products = alike @ members.T
    squares = (members @ products).diagonal()
    away = squares / np.maximum(sizes, 1) ** 2 - 2 * products / np.maximum(sizes, 1)
    away[:, sizes == 0] = np.inf
    rows, n = np.arange(len(alike)), sizes[classes]
    own, left = products[rows, classes], np.maximum(n - 1, 1)
    without = (squares[classes] - 2 * own + 1) / left**2 - 2 * (own - 1) / left
    away[rows, classes] = np.where(n > 1, without, np.inf)
    return np.asarray(away.argmin(axis=1))


def expected_gain(alike: Floats, classes: NDArray[np.intp], count: int, accuracy: float) -> float:
    """How much the accuracy is expected to rise, 0..1, by ``STEP`` more pictures.

    Accuracy grows about as the logarithm of the number of pictures: a line is fitted through the accuracies of parts of
    the pictures, each measured on the rest, and that of leaving one out. The parts are the same for the same classes.

    Args:
        alike: as for ``leave_one_out_classes``.
        classes: the class of each.
        count: how many classes there are.
        accuracy: of leaving one out, 0..1.
    """
    random = np.random.default_rng(zlib.crc32(classes.astype(np.int64).tobytes()))
    points = [(np.log2(len(alike)), accuracy)] * _REPEATS
    for part in _PARTS:
        for _ in range(_REPEATS):
            inside = np.zeros(len(alike), bool)
            inside[random.permutation(len(alike))[: round(part * len(alike))]] = True
            points.append((np.log2(inside.sum()), _accuracy(alike, classes, inside, count)))
    numbers, accuracies = np.array(points).T
    slope = float(np.polyfit(numbers, accuracies, 1)[0])
    return slope * float(np.log2(1 + STEP / len(alike)))


def _accuracy(alike: Floats, classes: NDArray[np.intp], inside: NDArray[np.bool_], count: int) -> float:
    """The accuracy on the pictures that are not ``inside`` of the means of those that are."""
    members = _members(classes, count) * inside
    sizes = members.sum(axis=1)
    products = alike @ members.T
    away = (members @ products).diagonal() / np.maximum(sizes, 1) ** 2 - 2 * products / np.maximum(sizes, 1)
    away[:, sizes == 0] = np.inf
    return float((away[~inside].argmin(axis=1) == classes[~inside]).mean())


def _members(classes: NDArray[np.intp], count: int) -> Floats:
    """1 where a picture is of a class: shape (count, pictures)."""
    return np.asarray(classes == np.arange(count)[:, np.newaxis], np.float32)


def _spread(unit: Floats) -> float:
    """The mean squared distance of a class's pictures to their mean."""
    return float(1 - (unit.mean(axis=0) ** 2).sum())


def _sampled(unit: Floats, labels: Sequence[str]) -> tuple[Floats, Sequence[str]]:
    if len(unit) <= MOST:
        return unit, labels
    places = np.linspace(0, len(unit) - 1, MOST).round().astype(int)
    return unit[places], [labels[place] for place in places]
