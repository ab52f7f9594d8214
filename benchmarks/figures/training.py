"""The long measurements behind docs/training.md: clothing, frozen and fine-tuned, and CIFAR-10 from scratch.

Usage: python -m benchmarks.figures.training multi-layer FOLDER
       python -m benchmarks.figures.training frozen|fine-tune FOLDER
       python -m benchmarks.figures.training fine-tune FOLDER --size 160 --width 0.75 0.5 0.35 --choose-apart
       python -m benchmarks.figures.training scratch FOLDER [BOOK_MODEL]

FOLDER holds <label>/ for multi-layer (five folds, with and without) and for scratch (a fifth is held out by name), and
train/<label>/ and validation/<label>/ for the others.

With --choose-apart a tenth of the training pictures, by name, chooses the epoch, and validation/ chooses nothing.

Prints a table: float32 beside int8, and another model on the same pictures where one is given.
"""

import argparse
import hashlib
import math
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from whatsit import Classifier, Fit, find_examples
from whatsit.evaluation.evaluate import evaluate
from whatsit.teaching.teach import Example
from whatsit.training.design import Design, TrainingMode
from whatsit.training.estimate import training_seconds
from whatsit.training.events import Epoch, Event, Note
from whatsit.training.preset import Preset
from whatsit.training.train import train

DESIGNS = {
    "frozen": Design(),
    "fine-tune": Design(mode=TrainingMode.FINE_TUNE, size=160),
    "scratch": Design(mode=TrainingMode.SCRATCH, size=32, fit=Fit.SQUASH, batch=64),
}

MULTI_LAYER = "multi-layer"


def held_out(path: Path, parts: int = 5) -> bool:
    """Whether a picture is in the held-out part: decided by its name, so that every run holds out the same ones."""
    return int(hashlib.sha256(f"{path.parent.name}/{path.name}".encode()).hexdigest(), 16) % parts == 0


def row(name: str, model: Classifier, examples: list[Example]) -> str:
    """One line of the table."""
    found = evaluate(model, examples)
    low, high = found.interval
    return f"{name:<24} {found.right:>5} of {len(found.judged):<5} {found.accuracy:6.1%}  ({low:.1%} to {high:.1%})"


def compare_layers(folder: Path) -> None:
    """Accuracy over five folds of the pictures, with and without the embedding of earlier layers."""
    examples = find_examples(folder)
    folds = [int(hashlib.sha256(path.name.encode()).hexdigest(), 16) % 5 for path, _ in examples]
    with tempfile.TemporaryDirectory() as cache:
        for multi_layer in (False, True):
            right = 0.0
            for fold in range(5):
                kept = [example for example, number in zip(examples, folds, strict=True) if number != fold]
                held = [example for example, number in zip(examples, folds, strict=True) if number == fold]
                best = train(kept, Design(multi_layer=multi_layer), validation=held, cache=Path(cache)).best
                assert best is not None
                right += best.validation_accuracy * len(held)
            name = MULTI_LAYER if multi_layer else "plain"
            print(f"{name:<11} {right / len(examples):.1%} over five folds", flush=True)


def measure(
    design: Design, training: list[Example], choosing: list[Example], judging: list[Example], cache: Path
) -> None:
    """Train, and print the lines of the table."""
    said = training_seconds(training, design, validation=choosing)
    start, first = time.perf_counter(), 0.0

    def show(event: Event) -> None:
        nonlocal first
        if isinstance(event, Epoch):
            seconds = time.perf_counter() - start
            first = first or seconds
            judged = "" if math.isnan(event.validation_accuracy) else f"  validation {event.validation_accuracy:.1%}"
            print(f"{seconds:6.0f} s  epoch {event.number}/{event.total}  loss {event.loss:.3f}{judged}", flush=True)
        elif isinstance(event, Note):
            print(event.text, flush=True)

    trained = train(training, design, validation=choosing, on_event=show, cache=cache)
    seconds = time.perf_counter() - start
    print(
        f"\n{len(training)} training pictures, {seconds:.0f} s in all, {said:.0f} s said beforehand,"
        f" the first epoch after {first:.0f} s"
    )
    for dtype in ("float32", "int8"):
        name = f"width {design.width:g}, seed {design.seed}, {dtype}"
        print(row(name, Classifier(trained.model.to_tflite(dtype)), judging), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=[MULTI_LAYER, *DESIGNS])
    parser.add_argument("folder", type=Path)
    parser.add_argument("model", nargs="?", type=Path, help="another .tflite to test on the same pictures")
    parser.add_argument("--threads", type=int, help="of PyTorch")
    parser.add_argument("--seeds", type=int, default=1, help="train this many times, each with another seed")
    parser.add_argument("--preset", choices=list(Preset), help="instead of the usual design")
    parser.add_argument("--backbone")
    parser.add_argument("--size", type=int)
    parser.add_argument("--width", type=float, nargs="+", default=[None], help="several share the full network")
    parser.add_argument("--cache", type=Path, help="where embeddings and the full network stay for another run")
    parser.add_argument("--epochs", type=int)
    parser.add_argument(
        "--choose-apart", action="store_true", help="choose the epoch on a tenth of the training pictures"
    )
    arguments = parser.parse_args()
    if arguments.threads:
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    if arguments.mode == MULTI_LAYER:
        compare_layers(arguments.folder)
        return
    if arguments.mode == "scratch":
        everything = find_examples(arguments.folder)
        training = [example for example in everything if not held_out(example[0])]
        judging = [example for example in everything if held_out(example[0])]
    else:
        training, judging = (find_examples(arguments.folder / part) for part in ("train", "validation"))
    given = {name: getattr(arguments, name) for name in ("backbone", "size", "epochs")}
    # From scratch nothing is chosen on the held-out pictures: every epoch runs and the last is kept.
    choosing = [] if arguments.mode == "scratch" else judging
    if arguments.choose_apart:
        choosing = [example for example in training if held_out(example[0], 10)]
        training = [example for example in training if not held_out(example[0], 10)]
    with tempfile.TemporaryDirectory() as temporary:
        for width in arguments.width:
            chosen = {name: value for name, value in {**given, "width": width}.items() if value is not None}
            base = Preset(arguments.preset).design() if arguments.preset else DESIGNS[arguments.mode]
            design = base.revised(chosen)
            for seed in range(arguments.seeds):
                cache = arguments.cache or Path(temporary)
                measure(replace(design, seed=seed), training, choosing, judging, cache)
    if arguments.model:
        labels = sorted({label for _, label in training}) if arguments.mode == "scratch" else None
        print(row(arguments.model.name, Classifier(arguments.model, labels), judging))


if __name__ == "__main__":
    main()
