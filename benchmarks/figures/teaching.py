"""The figures of ``teach`` on clothing, magnetic tiles and the book's pictures: int8 files, judged on other pictures.

Usage: python -m benchmarks.figures.teaching [all|clothing|shots|tiles|tiles-10|book] DATA

DATA holds clothing/train and clothing/validation, tiles/ and book/dataset/, each <label>/*.jpg.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from whatsit import Classifier, find_examples, teach
from whatsit.backbones.choice import BackboneChoice
from whatsit.evaluation.evaluate import evaluate
from whatsit.teaching.teach import Example

DRAWS = 5


def drawn(examples: Sequence[Example], take: Callable[[int], int], seed: int) -> tuple[list[Example], list[Example]]:
    """Of each class as many pictures as ``take`` says of its size, and the others."""
    random = np.random.default_rng(seed)
    labels = np.array([label for _, label in examples])
    taught = np.zeros(len(examples), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        taught[members[: take(len(members))]] = True
    return [e for e, t in zip(examples, taught, strict=True) if t], [
        e for e, t in zip(examples, taught, strict=True) if not t
    ]


def judged(name: str, taught: Sequence[Example], held: Sequence[Example]) -> tuple[float, float]:
    """Teach with no option, judge the int8 file, print and return accuracy and balanced accuracy."""
    start = time.perf_counter()
    model = teach(taught)
    content = model.to_tflite()
    seconds = time.perf_counter() - start
    found = evaluate(Classifier(content), held)
    recalls = [measure.recall for measure in found.classes if measure.recall is not None]
    balanced = float(np.mean(recalls))
    chosen = "" if model.selection is None else model.selection.text
    print(
        f"{name}: accuracy {found.accuracy:.1%}, balanced {balanced:.1%}, {len(content) / 1e6:.2f} MB, "
        f"{seconds:.0f} s; {chosen}",
        flush=True,
    )
    return found.accuracy, balanced


def mean_of_draws(name: str, draws: Sequence[tuple[list[Example], list[Example]]]) -> None:
    """``judged`` of each draw, and the means."""
    rows = [judged(f"{name}, draw {seed}", *draw) for seed, draw in enumerate(draws)]
    accuracy, balanced = np.mean(rows, axis=0)
    print(f"{name}: mean of {len(rows)} draws: accuracy {accuracy:.1%}, balanced accuracy {balanced:.1%}", flush=True)


def clothing(data: Path) -> None:
    """All of clothing, and how long embedding alone takes."""
    taught, held = (find_examples(data / "clothing" / part) for part in ("train", "validation"))
    backbone = replace(BackboneChoice(), multi_layer=True).open()
    start = time.perf_counter()
    for _ in backbone.embed_many([picture for picture, _ in taught]):
        pass
    print(f"clothing: embedding {len(taught)} pictures once: {time.perf_counter() - start:.0f} s", flush=True)
    judged("clothing", taught, held)


def shots(data: Path) -> None:
    """Twenty pictures a class of clothing."""
    taught, held = (find_examples(data / "clothing" / part) for part in ("train", "validation"))
    mean_of_draws("clothing, 20 a class", [(drawn(taught, lambda _: 20, s)[0], held) for s in range(DRAWS)])


def tiles(data: Path) -> None:
    """70 % of each class of tiles."""
    examples = find_examples(data / "tiles")
    mean_of_draws("tiles, 70 %", [drawn(examples, lambda size: round(0.7 * size), s) for s in range(DRAWS)])


def few_tiles(data: Path) -> None:
    """Ten pictures a class of tiles."""
    examples = find_examples(data / "tiles")
    mean_of_draws("tiles, 10 a class", [drawn(examples, lambda _: 10, s) for s in range(DRAWS)])


def book(data: Path) -> None:
    """Three, five and ten pictures a class of the book's; FewShotClassifier's are in tests/acceptance."""
    examples = find_examples(data / "book" / "dataset")
    for count in (3, 5, 10):
        name = f"book, {count} a class"
        mean_of_draws(name, [drawn(examples, lambda _, count=count: count, s) for s in range(DRAWS)])  # type: ignore[misc]


FIGURES = {"clothing": clothing, "shots": shots, "tiles": tiles, "tiles-10": few_tiles, "book": book}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=["all", *FIGURES])
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    for name, figure in FIGURES.items():
        if arguments.figure in ("all", name):
            figure(arguments.data)


if __name__ == "__main__":
    main()
