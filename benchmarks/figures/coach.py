"""The coach, simulated: pictures chosen by its advice against pictures chosen at random, and when it says *enough*.

    python -m benchmarks.figures.coach TRAIN VALIDATION

First, how often it names what a class lacks: where classes were photographed alike, and where one was made darker or
warmer.

Both are folders of class folders. Embeddings are made once and kept in the user's cache. The exit status is 1 where
``CHOSEN`` pictures by advice do not reach the accuracy of ``RANDOM`` at random, or *enough* is off by over a fifth.
"""

import hashlib
import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from whatsit import AdviceKind, Backbone, advise, find_examples, next_pictures
from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.datasets.fingerprint import COLOUR, THUMB, fingerprint
from whatsit.datasets.traits import lacking
from whatsit.heads.unknown import normalised

CHOSEN, RANDOM, DRAWS, POOL = 60, 80, 10, 1200
NUMBERS = (60, 80, 100, 120, 140, 160, 180, 200, 240, 280, 320)
STEP, POINT = 20, 0.01
Set = tuple[NDArray[np.float32], NDArray[np.str_]]


def embedded(folder: Path) -> Set:
    """Unit embeddings and labels."""
    examples = find_examples(folder)
    pictures = [Embeddable(hashlib.sha256(Path(str(p)).read_bytes()).hexdigest(), Path(str(p))) for p, _ in examples]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whatsit-benchmarks"
    rows = EmbeddingCache(cache, Backbone.builtin()).embed(pictures)
    return normalised(rows), np.array([label for _, label in examples])


def by_means(taught: Set, asked: Set) -> float:
    """The accuracy of the nearest class mean."""
    labels = np.unique(taught[1])
    means = np.array([taught[0][taught[1] == label].mean(axis=0) for label in labels])
    away = (means**2).sum(axis=1) - 2 * asked[0] @ means.T
    return float((labels[away.argmin(axis=1)] == asked[1]).mean())


def by_regression(taught: Set, asked: Set) -> float:
    """The accuracy of a logistic regression."""
    head = LogisticRegression(C=10, max_iter=200, tol=1e-3, class_weight="balanced").fit(*taught)
    return float(head.score(*asked))


def chosen_against_random(train: Set, validation: Set) -> bool:
    """Print both accuracies for each learner."""
    good = True
    for name, accuracy in (("nearest mean", by_means), ("logistic regression", by_regression)):
        found = []
        for draw in range(DRAWS):
            pool = np.random.default_rng(draw).permutation(len(train[0]))[:POOL]
            advised = pool[next_pictures(train[0][pool], train[0][:0], CHOSEN)]
            found.append([accuracy((train[0][at], train[1][at]), validation) for at in (advised, pool[:RANDOM])])
        advised_mean, random_mean = np.mean(found, axis=0)
        good &= bool(advised_mean >= random_mean)
        print(f"{name:<20} {CHOSEN} by advice {advised_mean:.1%}   {RANDOM} at random {random_mean:.1%}")
    return good


def enough(train: Set, validation: Set) -> bool:
    """Print where more pictures bring less than a point, and where the coach says enough."""
    draws = [np.random.default_rng(draw).permutation(len(train[0])) for draw in range(60)]
    taught = [[by_means((train[0][at[:n]], train[1][at[:n]]), validation) for n in NUMBERS] for at in draws]
    curve = np.poly1d(np.polyfit(np.log2(NUMBERS), np.mean(taught, axis=0), 2))
    point = next(n for n in range(NUMBERS[0], NUMBERS[-1]) if curve(np.log2(n + STEP)) - curve(np.log2(n)) < POINT)
    said, seconds = [], []
    for draw in range(100, 100 + DRAWS):
        at = np.random.default_rng(draw).permutation(len(train[0]))
        for n in range(40, 400, 10):
            begun = time.process_time()
            advice = advise(train[0][at[:n]], list(train[1][at[:n]]))
            seconds.append(time.process_time() - begun)
            if advice.kind is AdviceKind.ENOUGH:
                said.append(n)
                break
    off = float(np.mean(said)) / point - 1
    print(f"{STEP} more bring less than a point from {point} on; enough is said at {said}: mean {off:+.0%}")
    print(f"one advice: median {np.median(seconds) * 1e3:.0f} ms of one core, at most {max(seconds) * 1e3:.0f} ms")
    return abs(off) <= 0.2 and len(said) == DRAWS


def named(folder: Path) -> None:
    """Print what a class of eight pictures among five is said to lack, as it is, darker and warmer."""
    looks: dict[str, list[NDArray[np.uint8]]] = {}
    for path, label in find_examples(folder):
        looks.setdefault(label, [])
        if len(looks[label]) < 60:
            thumb = fingerprint(Path(str(path)).read_bytes()).thumb[THUMB**2 :]
            looks[label].append(np.frombuffer(thumb, np.uint8).reshape(COLOUR, COLOUR, 3))
    for name, factors in (("as they are", (1, 1, 1)), ("darker", (0.45, 0.45, 0.45)), ("warmer", (1, 0.8, 0.55))):
        found: Counter[str] = Counter()
        for draw in range(60):
            random = np.random.default_rng(draw)
            labels = random.permutation(sorted(looks))[:5]
            some = [np.array(looks[one])[random.permutation(len(looks[one]))[:8]] for one in labels]
            some[0] = (some[0] * np.array(factors)).astype(np.uint8)
            own = np.arange(sum(map(len, some))) < len(some[0])
            found[lacking(np.concatenate(some), own) or "nothing"] += 1
        print(f"one class {name}: {', '.join(f'{count} of 60 lack {what}' for what, count in found.most_common())}")


def main() -> int:
    """All figures."""
    train, validation = (embedded(Path(folder)) for folder in sys.argv[1:3])
    named(Path(sys.argv[1]))
    return int(not (chosen_against_random(train, validation) and enough(train, validation)))


if __name__ == "__main__":
    sys.exit(main())
