"""One table of ratios. Usage: python -m benchmarks [FOLDER] [--mediapipe PYTHON] [--rounds 7] [--check]

FOLDER holds your pictures, ``<label>/*.jpg``; without it WHATSIT_BENCH_PICTURES names the folder. Without either,
pictures are made from photographs that scikit-learn ships, in two sizes: stills of five megapixels, where decoding
counts, and frames of 320 by 240, where the network is nearly all there is and no program can be much faster than
another on the same model: what the targets promise is shown on stills.
"""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.contest import Contestant, Results, run_rounds
from benchmarks.pictures import (
    COUNT,
    FRAME,
    PHOTOGRAPH,
    chosen_folder,
    evenly_sampled,
    labelled_pictures,
    made_pictures,
)
from whatsit.backbones.builtin import builtin_model, imagenet_labels
from whatsit.backbones.efficientnet_lite import MEAN, STD
from whatsit.tflite.metadata import LABELS_FILE, ModelMetadata, with_files, with_metadata

MEDIAPIPE = "mediapipe_classifier"
BULK = ("classify_many", "book_function", "floor")
TEACHING = ("embed_pictures", "teach_pictures", "embed_one_by_one", "learn_pictures")
TAUGHT = 2000
"""Frames to teach from: with few pictures, starting scikit-learn is most of the time."""
LEARNT = 60
"""Pictures for the self-learning classifier: it is made for a handful per class."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--mediapipe", metavar="PYTHON", help="an interpreter whose environment has mediapipe")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--check", action="store_true", help="exit status 1 where a target is missed")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder = chosen_folder(arguments.folder)
        if folder is None:
            pictures = made_pictures(work / "stills", PHOTOGRAPH, 60)
            frames = made_pictures(work / "frames", FRAME, TAUGHT)
            source = "stills of 2592 x 1944 and frames of 320 x 240 made from scikit-learn's two photographs"
        else:
            pictures, frames, source = labelled_pictures(folder), [], str(folder)
        model = work / "imagenet.tflite"
        files = {LABELS_FILE: "\n".join(imagenet_labels()).encode()}  # MediaPipe asks for them
        metadata = ModelMetadata((MEAN,), (STD,), imagenet_labels(), files, name="EfficientNet-Lite0")
        model.write_bytes(with_files(with_metadata(builtin_model(top=True), metadata), files))
        bulk = listing(work / "bulk.txt", evenly_sampled(pictures, COUNT))
        everything = listing(work / "all.txt", frames or pictures)
        few = listing(work / "few.txt", evenly_sampled(pictures, LEARNT))
        rows = bulk_rows(model, bulk, arguments.mediapipe, arguments.rounds)
        if frames:
            small = listing(work / "frames.txt", evenly_sampled(frames, COUNT))
            rows += [
                ("frames: " + row[0], row[1], "", row[3], None, row[5])
                for row in bulk_rows(model, small, arguments.mediapipe, arguments.rounds)
            ]
        rows += call_row(model, bulk, arguments.rounds)
        rows += teaching_rows(model, everything, few, max(3, arguments.rounds // 2))
    console.print(table(rows, f"{len(pictures)} pictures: {source}; {os.cpu_count()} cores; {arguments.rounds} rounds"))
    missed = [row[0] for row in rows if row[4] is False]
    if arguments.check and missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


Row = tuple[str, str, str, str, bool | None, str]
"""What, ratio, target, peak memory of both sides, whether the target is met, ratio of CPU time."""


def bulk_rows(model: Path, pictures: Path, mediapipe: str | None, rounds: int) -> list[Row]:
    with ExitStack() as stack:
        entrants = [stack.enter_context(Contestant(name, model, pictures)) for name in BULK]
        if mediapipe is not None:
            entrants.append(stack.enter_context(Contestant(MEDIAPIPE, model, pictures, mediapipe)))
        results = run_rounds(entrants, rounds)
    count = len(pictures.read_text().splitlines())
    ours = BULK[0]
    rows = [
        at_least(f"classify_many ({count / results.median(ours):.0f}/s) : {peer}", results, other, target, count)
        for peer, other, target in (("the book's function", "book_function", 5.0), ("MediaPipe", MEDIAPIPE, 2.0),
                                    ("decode + resize + invoke", "floor", 0.8))
        if other in results.rounds
    ]  # fmt: skip
    if mediapipe is None:
        print("MediaPipe left out: give --mediapipe PYTHON, or use make bench", file=sys.stderr)
    return rows


def call_row(model: Path, pictures: Path, rounds: int) -> list[Row]:
    with Contestant("classify_one", model, pictures) as contestant:
        results = run_rounds([contestant], rounds)
    ratio = results.ratio("classify_one", "classify_one", "classify", "invoke")
    memory = f"{results.peak('classify_one'):.0f}"
    return [("classify(array) : a bare invoke, time", f"{ratio:.3f}", "≤ 1.05", memory, ratio <= 1.05, "")]


def teaching_rows(model: Path, everything: Path, few: Path, rounds: int) -> list[Row]:
    embed, teach, embed_few, learn = TEACHING
    rows = []
    for what, name, floor, listed, target in (
        ("teach + int8 file : embedding once, time", teach, embed, everything, 1.5),
        (f"add {LEARNT} + learn : embedding them, time", learn, embed_few, few, None),
    ):
        with Contestant(name, model, listed) as one, Contestant(floor, model, listed) as other:
            results = run_rounds([one, other], rounds)
        ratio = results.ratio(name, floor)
        memory = f"{results.peak(name):.0f} : {results.peak(floor):.0f}"
        cpu = f"{results.ratio(name, floor, 'cpu', 'cpu'):.2f}"
        met = None if target is None else ratio <= target
        rows.append((what, f"{ratio:.2f}", f"≤ {target}" if target else "", memory, met, cpu))
    return rows


def at_least(what: str, results: Results, other: str, target: float, count: int) -> Row:
    ratio = results.ratio(other, BULK[0])
    memory = f"{results.peak(BULK[0]):.0f} : {results.peak(other):.0f}"
    what = f"{what} ({count / results.median(other):.0f}/s)"
    cpu = f"{results.ratio(other, BULK[0], 'cpu', 'cpu'):.2f}"
    return (what, f"{ratio:.2f}", f"≥ {target:g}", memory, ratio >= target, cpu)


def table(rows: list[Row], caption: str) -> Table:
    drawn = Table(caption=caption)
    for heading in ("what : against what", "ratio", "target", "CPU", "peak MiB"):
        drawn.add_column(heading, justify="left" if heading.startswith("what") else "right")
    for what, ratio, target, memory, met, cpu in rows:
        colour = {True: "green", False: "red", None: ""}[met]
        drawn.add_row(what, f"[{colour}]{ratio}[/]" if colour else ratio, target, cpu, memory)
    return drawn


def listing(path: Path, pictures: list[str]) -> Path:
    path.write_text("\n".join(pictures))
    return path


if __name__ == "__main__":
    main()
