"""From a folder of pictures to a measured int8 model that watches a camera: every step in one script.

Usage: python examples/book_path.py FOLDER [--size 160] [--seeds 10]

FOLDER holds one folder per label. For each seed the pictures are split differently, a head is trained, and the int8
model is tested on the held-out pictures; the last model is verified and used on a folder camera.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from pathlib import Path

import whatsit
from whatsit import Project, Split


def split_at_random(project: Project, seed: int) -> None:
    """Split each class 60/20/20, differently for each seed: how much of the result is chance."""
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


def main() -> None:
    """Walk the whole path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, Project(Path(scratch) / "project") as project:
        whatsit.import_path(project.dataset, arguments.folder)
        print("explore:", {label: sum(counts.values()) for label, counts in project.dataset.counts().items()})
        model = project.models / "model.tflite"
        right = total = 0
        for seed in range(arguments.seeds):
            split_at_random(project, seed)
            whatsit.train(project, whatsit.Design(size=arguments.size, seed=seed)).save(model)
            found = whatsit.evaluate(model, project)
            print(f"seed {seed}: {found.right} of {len(found.judged)} held-out pictures right (int8)")
            right, total = right + found.right, total + len(found.judged)
        print(f"held-out accuracy over {arguments.seeds} seeds: {right / total:.1%}")
        print("verify:", whatsit.verify(model) or "as it was made")
        watch(model, project)


def watch(model: Path, project: Project) -> None:
    """The model on a camera that shows the pictures of one class."""
    picture = project.dataset.pictures()[0]
    with whatsit.open_camera(f"folder:{picture.path.parent}") as camera:
        best = whatsit.Classifier(model).classify(camera.read().image, 1)[0]
    print(f"live: the camera shows {picture.label}, the model says {best.label} ({best.score:.0%})")


if __name__ == "__main__":
    main()
