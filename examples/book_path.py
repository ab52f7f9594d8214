"""From a folder of pictures to a measured int8 model that watches a camera: every step in one script.

Usage: python examples/book_path.py FOLDER [--size 160] [--seeds 10]

FOLDER holds one folder a label. For each seed the pictures are split anew, a head is trained, the held-out pictures are
tested with the int8 model; the last model is verified and run live on a folder camera.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from pathlib import Path

import whatsit
from whatsit.cameras import open_camera
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.evaluation.make_report import make_report
from whatsit.training.design import Design
from whatsit.training.record import ModelFiles
from whatsit.training.train import train

SHARES = {Split.TRAINING: 0.6, Split.VALIDATION: 0.2, Split.TEST: 0.2}


def split_anew(project: Project, seed: int) -> None:
    """Another split of each class, in the same shares: what chance does to the result."""
    by_label = defaultdict(list)
    for picture in project.dataset.pictures():
        by_label[picture.label].append(picture)
    placed = defaultdict(list)
    for label, pictures in sorted(by_label.items()):
        random.Random(f"{seed} {label}").shuffle(pictures)
        first, second = round(0.6 * len(pictures)), round(0.8 * len(pictures))
        for split, part in zip(Split, (pictures[:first], pictures[first:second], pictures[second:]), strict=True):
            placed[split] += part
    for split, pictures in placed.items():
        project.dataset.set_split(pictures, split)


def examples(project: Project, split: Split) -> list[tuple[Path, str]]:
    """The pictures of one split with their labels."""
    return [(path, label) for path, label, found in project.dataset if found is split]


def main() -> None:
    """Walk the whole path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, Project(Path(scratch) / "project") as project:
        import_path(project.dataset, arguments.folder)
        print("explore:", {label: sum(counts.values()) for label, counts in project.dataset.counts().items()})
        right = total = 0
        files = ModelFiles(project.models, "model")
        for seed in range(arguments.seeds):
            split_anew(project, seed)
            design = Design(size=arguments.size, seed=seed)
            trained = train(project, design)
            trained.save(files.int8)
            classifier = whatsit.Classifier(files.int8)
            held = examples(project, Split.TEST)
            answers = classifier.classify_many((path for path, _ in held), 1)
            hits = sum(found[0].label == label for found, (_, label) in zip(answers, held, strict=True))
            print(f"seed {seed}: {hits} of {len(held)} held-out pictures right (int8)")
            right, total = right + hits, total + len(held)
        print(f"held-out accuracy over {arguments.seeds} seeds: {right / total:.1%}")
        report = make_report(files, examples(project, Split.TEST), examples(project, Split.TRAINING), "the book's path")
        (project.models / "model.html").write_bytes(report.to_html())
        for row in report.figures:
            print("  ".join(f"{cell:>16}" for cell in row))
        print("verify:", whatsit.verify(files.int8) or "as it was made")
        watch(files.int8, project)


def watch(model: Path, project: Project) -> None:
    """The model on a camera that shows the test pictures of one class after the other."""
    path, label = examples(project, Split.TEST)[0]
    classifier = whatsit.Classifier(model)
    with open_camera(f"folder:{path.parent}") as camera:
        frame = camera.read()
        best = classifier.classify(frame.image, 1)[0]
    print(f"live: the camera shows {label}, the model says {best.label} ({best.score:.0%})")


if __name__ == "__main__":
    main()
