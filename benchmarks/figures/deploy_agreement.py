"""Every deploy folder's own program, in an environment with nothing else, against ``whatsit classify``.

Usage: python -m benchmarks.figures.deploy_agreement TRAINING JUDGING [--environments FOLDER] [--size 224]

TRAINING and JUDGING hold <label>/*.jpg. One model per fit is taught on TRAINING and deployed to every target that takes
it; each folder's program is run over all of JUDGING by a Python that has only ai-edge-litert, numpy and Pillow (for
MediaPipe's, only MediaPipe). The C array is also compiled and its bytes compared. Exit status 1 where fewer than 99 %
agree.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from rich.console import Console
from rich.table import Table

from whatsit import Fit, ModelError, SelfLearnClassifier, find_examples
from whatsit.deployment.deploy import Deployment, deploy
from whatsit.deployment.program import PROGRAM
from whatsit.deployment.targets import TARGETS
from whatsit.files import write_file
from whatsit.tflite.metadata import flatbuffer_part

PACKAGES = {"plain": ("ai-edge-litert", "numpy", "pillow"), "mediapipe": ("mediapipe",)}
LEAST = 0.99
DUMP = """#include "model.h"
#include <stdio.h>
int main(void) { return fwrite(whatsit_model, 1, whatsit_model_size, stdout) != whatsit_model_size; }
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", type=Path)
    parser.add_argument("judging", type=Path)
    parser.add_argument("--environments", type=Path, help="made there once and kept; else made for this run")
    parser.add_argument("--size", type=int, default=224)
    arguments = parser.parse_args()
    table = Table("target", "fit", "agree", "share", caption="deploy folders against whatsit classify")
    missed = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        pythons = {kind: environment(arguments.environments or work, kind) for kind in PACKAGES}
        taught = find_examples(arguments.training)
        pictures = [path for path, _ in find_examples(arguments.judging.resolve())]
        for fit in Fit:
            model = work / f"{fit}.tflite"
            whatsit("teach", arguments.training, "-o", model, "--fit", fit, "--size", arguments.size)
            answers = classified(model, pictures)
            for target in TARGETS:
                try:
                    made = deploy(model, target, work / f"{fit}-{target}", taught=taught)
                except ModelError as error:
                    table.add_row(target, fit, "refused", str(error).split(": ", 1)[-1])
                    continue
                ours = nearest_classes(made, fit, pictures) if target == "maixpy" else answers
                kind = "mediapipe" if target == "mediapipe" else "plain"
                theirs = program_answers(pythons[kind], made, pictures)
                agree = sum(one == other for one, other in zip(ours, theirs, strict=True))
                known = target == "frigate" and fit is not Fit.SQUASH  # Frigate squashes: deploy says so
                met = agree >= LEAST * len(pictures) or known
                colour = "yellow" if known else "green" if met else "red"
                table.add_row(target, fit, f"{agree} of {len(pictures)}", f"[{colour}]{agree / len(pictures):.1%}[/]")
                missed += [] if met else [f"{target} {fit}"]
        graph = flatbuffer_part((work / f"{Fit.COVER}.tflite").read_bytes())
        same = compiled_bytes(work / f"{Fit.COVER}-c-array") == graph
        table.add_row("c-array", "compiled", "", "[green]same bytes[/]" if same else "[red]other bytes[/]")
        missed += [] if same else ["compiled C array"]
    Console().print(table)
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def environment(folder: Path, kind: str) -> Path:
    """The Python of an environment with the packages of ``kind`` and no others."""
    python = folder / kind / "bin" / "python"
    if not python.exists():
        venv.create(folder / kind, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[kind]], check=True)
    return python


def whatsit(*arguments: object) -> str:
    command = [sys.executable, "-m", "whatsit", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def classified(model: Path, pictures: list[Path]) -> list[str]:
    lines = whatsit("classify", *pictures, "--model", model, "--json", "--top-k", 1).splitlines()
    return [json.loads(line)["predictions"][0]["label"] for line in lines]


def nearest_classes(made: Deployment, fit: Fit, pictures: list[Path]) -> list[str]:
    """What the self-learning classifier says of the same features and backbone."""
    classifier = SelfLearnClassifier(str(made.folder / "backbone.tflite"), dual_buff=False)
    labels = classifier.load(str(made.folder / "my_classes.bin"))
    return [labels[classifier.classify(path, fit)[0][0]] for path in pictures]


def program_answers(python: Path, made: Deployment, pictures: list[Path]) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    command = [python, PROGRAM, *map(str, pictures)]
    done = subprocess.run(command, cwd=made.folder, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{made.folder.name}: {done.stderr[-2000:]}")
    return [line.split("\t")[1] for line in done.stdout.splitlines()]


def compiled_bytes(folder: Path) -> bytes:
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("no C compiler to try the C array with: install one, such as gcc")
    write_file(folder / "dump.c", DUMP.encode())
    subprocess.run([compiler, "-Wall", "-Werror", "-o", "dump", "model.c", "dump.c"], cwd=folder, check=True)
    return subprocess.run([folder / "dump"], check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    main()
