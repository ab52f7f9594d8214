"""How well *unknown* is told: near and far strangers of clothing, with and without marked ones, and the book's.

Usage: python -m benchmarks.figures.unknown [--cache FOLDER] DATA

DATA holds clothing/train, clothing/validation, photos/ and book/dataset/. Six draws, three random halves of the ten
classes of clothing and their complements: every class is taught as often as it is a stranger. Near strangers are the
validation pictures of the classes that are not taught, far ones the photographs. Marked strangers are three training
pictures of those classes. Beside the rule stands the former one: the distance to the nearest class mean, with the
quantile of leaving one out as threshold. Embeddings are kept in FOLDER: a second run takes seconds.
"""

import argparse
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from whatsit import find_examples
from whatsit.backbones.builtin_id import last_layer_layout
from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.choice import BackboneChoice
from whatsit.heads.strangeness import UnknownRule, class_numbers
from whatsit.heads.unknown import UNKNOWN_RATE, Floats, leave_one_out, means, normalised

SHOTS, DRAWS, MARKS = (5, 20, 80), 6, 3
Strange = tuple[NDArray[np.float64], ...]
"""Strangeness of known, near and far pictures."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Embeddings with their labels."""

    embeddings: Floats
    labels: NDArray[np.str_]

    def of(self, *labels: str) -> Floats:
        """Those with one of the labels."""
        return self.embeddings[np.isin(self.labels, labels)]


class Embedded:
    """Pictures embedded once, as ``teach`` does by default."""

    def __init__(self, cache: Path) -> None:
        backbone = replace(BackboneChoice(), multi_layer=True).open()
        self.layout = last_layer_layout(backbone.id)
        self._cache = EmbeddingCache(cache, backbone)

    def __call__(self, pairs: list[tuple[Path, str]]) -> Pictures:
        """Of pictures and labels."""
        known = [Embeddable(hashlib.sha256(path.read_bytes()).hexdigest(), path) for path, _ in pairs]
        return Pictures(self._cache.embed(known), np.array([label for _, label in pairs]))


def draws(train: Pictures, shots: int) -> Iterator[tuple[list[str], list[str], Floats, list[str], Floats]]:
    """Taught and other classes, the embeddings and labels of ``shots`` a class, and those of the marked strangers."""
    for number in range(DRAWS):
        order = np.random.default_rng(number // 2).permutation(np.unique(train.labels)).tolist()
        half = len(order) // 2
        taught, others = (order[:half], order[half:]) if number % 2 == 0 else (order[half:], order[:half])
        chance = np.random.default_rng(1000 + number)
        chosen = [chance.permutation(train.of(label))[:shots] for label in sorted(taught)]
        targets = [label for label, some in zip(sorted(taught), chosen, strict=True) for _ in some]
        yield taught, others, np.vstack(chosen), targets, chance.permutation(train.of(*others))[:MARKS]


def former(shots: Floats, targets: list[str], asked: tuple[Floats, ...]) -> Strange:
    """The distance to the nearest class mean as a share of the threshold."""
    classes, unit = class_numbers(targets), normalised(shots)
    centres = means(unit, classes, int(classes.max()) + 1)
    own, other = leave_one_out(unit, classes)
    k = np.bincount(classes)[classes]
    own = own / np.sqrt((1 + 1 / k) / (1 + 1 / (k - 1)))
    threshold = float(np.quantile(np.minimum(own, other), 1 - UNKNOWN_RATE))
    away = (np.linalg.norm(normalised(some)[:, np.newaxis] - centres, axis=2).min(axis=1) for some in asked)
    return tuple(distances / threshold for distances in away)


def judged(rule: UnknownRule | None, asked: tuple[Floats, ...]) -> Strange:
    """By the rule."""
    assert rule is not None
    return tuple(np.array([rule.judge(one).strangeness for one in some]) for some in asked)


def measured(strange: Strange) -> list[float]:
    """AUROC near and far, and the shares kept, near unknown, far unknown; all in percent."""
    known, near, far = strange
    areas = [
        roc_auc_score(np.repeat([0, 1], [len(known), len(some)]), np.concatenate([known, some])) for some in (near, far)
    ]
    return [100 * float(one) for one in (*areas, (known <= 1).mean(), (near > 1).mean(), (far > 1).mean())]


def say(name: str, rows: list[list[float]]) -> None:
    """The mean of the draws."""
    near, far, kept, near_unknown, far_unknown = np.mean(rows, axis=0)
    print(
        f"{name}: AUROC near {near:.1f}, far {far:.1f}; kept {kept:.1f} %, "
        f"unknown: near {near_unknown:.1f} %, far {far_unknown:.1f} %",
        flush=True,
    )


def clothing(embedded: Embedded, data: Path) -> None:
    """Five of ten classes taught."""
    train, validation = (embedded(find_examples(data / "clothing" / part)) for part in ("train", "validation"))
    photos = embedded([(path, "") for path in sorted((data / "photos").iterdir())]).embeddings
    for shots in SHOTS:
        rows: dict[str, list[list[float]]] = {"former rule": [], "rule": [], f"with {MARKS} marked": []}
        for taught, others, examples, targets, marked in draws(train, shots):
            asked = validation.of(*taught), validation.of(*others), photos
            classes = class_numbers(targets)
            plain, helped = (
                UnknownRule.fitted(examples, classes, strangers=some, layout=embedded.layout) for some in (None, marked)
            )
            found = former(examples, targets, asked), judged(plain, asked), judged(helped, asked)
            for name, strange in zip(rows, found, strict=True):
                rows[name].append(measured(strange))
        for name, some in rows.items():
            say(f"clothing, {shots} a class, {name}", some)


def book(embedded: Embedded, data: Path) -> None:
    """Two of the book's three classes taught by five pictures each."""
    pictures = embedded(find_examples(data / "book" / "dataset"))
    kept, unknown = [], []
    for stranger in np.unique(pictures.labels):
        taught = [label for label in np.unique(pictures.labels).tolist() if label != stranger]
        for number in range(DRAWS):
            chance = np.random.default_rng(number)
            shuffled = [chance.permutation(pictures.of(label)) for label in taught]
            examples, classes = np.vstack([some[:5] for some in shuffled]), np.repeat([0, 1], 5)
            asked = np.vstack([some[5:] for some in shuffled]), pictures.of(stranger)
            known, strange = judged(UnknownRule.fitted(examples, classes, layout=embedded.layout), asked)
            kept.append((known <= 1).mean())
            unknown.append((strange > 1).mean())
    print(f"book, 5 a class: kept {np.mean(kept):.1%}, the third class unknown {np.mean(unknown):.1%}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("build/unknown-embeddings"))
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    embedded = Embedded(arguments.cache)
    clothing(embedded, arguments.data)
    book(embedded, arguments.data)


if __name__ == "__main__":
    main()
