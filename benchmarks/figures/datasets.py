"""Figures of the dataset on real pictures: time, memory, and how much of what was planted a check finds.

Usage: python -m benchmarks.figures.datasets labels|copies|embed|memory|map|classes DATA

DATA is a folder with clothing/train and cifar10-10k.zip; ``classes`` draws its pictures and takes any folder.
"""

import argparse
import io
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.contestants import floor
from benchmarks.figures.planted import near_copies, swapped
from whatsit.backbones.backbone import Backbone
from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.datasets.embedding_map import embedding_map
from whatsit.datasets.formats.exporting import export_path
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.issues.check import check
from whatsit.datasets.issues.label_issues import label_issues
from whatsit.datasets.project import Project
from whatsit.heads.unknown import normalised


def embedded(dataset):
    cache = EmbeddingCache(dataset.embeddings_folder, Backbone.builtin("lite0", 224, "int8"))
    pictures = [p for p in dataset.pictures() if not p.error]
    return pictures, cache.embed([Embeddable(p.hash, p.path) for p in pictures])


def labels(folder, data):
    """How far up the list of label issues 5 % of swapped labels are."""
    dataset = Project(folder).dataset
    import_path(dataset, data / "clothing" / "train")
    pictures, embeddings = embedded(dataset)
    right = [p.label for p in pictures]
    for seed in range(3):
        said = swapped(right, 0.05, seed)
        wrong = {at for at, label in enumerate(right) if said[at] != label}
        order = [d.index for d in label_issues(normalised(embeddings), said, range(len(said)))]
        curve = {
            part: sum(i in wrong for i in order[: round(part * len(order))]) / len(wrong)
            for part in (0.02, 0.05, 0.1, 0.2)
        }
        print(
            f"seed {seed}:",
            ", ".join(f"{found:.1%} of the swapped in the first {part:.0%}" for part, found in curve.items()),
        )


def copies(folder, data):
    """How many of 100 planted near-copies are found, and what else is."""
    files = sorted((data / "clothing" / "train").glob("*/*.jpg"))
    source = folder / "source"
    shutil.copytree(data / "clothing" / "train", source)
    planted = {}
    for number, (file, content) in enumerate(near_copies(files, 100)):
        (source / file.parent.name / f"planted-{number}.jpg").write_bytes(content)
        planted[f"planted-{number}.jpg"] = file.name
    dataset = Project(folder / "project").dataset
    import_path(dataset, source)
    by_hash = {p.hash: p for p in dataset.pictures()}
    pairs = [(by_hash[a], by_hash[b]) for a, b in dataset.near_copies.all_pairs()]
    found = [
        (a, b) for a, b in pairs if planted.get(a.path.name) == b.path.name or planted.get(b.path.name) == a.path.name
    ]
    others = [(a.key, b.key) for a, b in pairs if (a, b) not in found]
    crossing = sum(a.split != b.split for a, b in found)
    print(f"{len(found)} of 100 planted found, {crossing} across splits; other pairs: {others}")


ROUNDS = 5
ALLOWED_RATIO, ALLOWED_AGAIN = 1.25, 0.02


def embed(folder, data):
    """A first run of the cache in turns with its floor, decoding and invoking on all cores; then a second run."""
    dataset = Project(folder).dataset
    start = time.perf_counter()
    import_path(dataset, data / "clothing" / "train")
    print(f"import {time.perf_counter() - start:.1f} s")
    backbone = Backbone.builtin("lite0", 224, "int8")
    pictures = [Embeddable(p.hash, p.path) for p in dataset.pictures() if not p.error]
    model = folder / "backbone.tflite"
    model.write_bytes(backbone.content)
    bare = floor.prepare(str(model))
    paths = [str(picture.path) for picture in pictures]
    bare(paths)  # the files are in memory from here on, for both
    seconds = {"floor": [], "first": [], "again": []}
    for number in range(ROUNDS):
        seconds["floor"].append(timed(lambda: bare(paths)))
        cache = EmbeddingCache(folder / f"round {number}", backbone)
        seconds["first"].append(timed(lambda cache=cache: cache.embed(pictures)))
        seconds["again"].append(timed(lambda cache=cache: cache.embed(pictures)))
    middle = {what: statistics.median(found) for what, found in seconds.items()}
    ratio = statistics.median(a / b for a, b in zip(seconds["first"], seconds["floor"], strict=True))
    print(", ".join(f"{what} {found:.2f} s" for what, found in middle.items()), f"for {len(pictures)} pictures")
    print(f"first : floor {ratio:.2f}, at most {ALLOWED_RATIO}")
    print(f"again : first {middle['again'] / middle['first']:.4f}, at most {ALLOWED_AGAIN}")


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory(folder, data):
    """The most memory that importing, checking and exporting 10,000 pictures takes."""
    dataset = Project(folder / "p").dataset

    def report(what, start):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{what}: {time.perf_counter() - start:.1f} s, at most {peak:.0f} MB so far")

    start = time.perf_counter()
    print(import_path(dataset, data / "cifar10-10k.zip").added)
    report("import", start)
    start = time.perf_counter()
    print(*check(dataset, Backbone.builtin("lite0", 96, "int8")).summary, sep="\n")
    report("check", start)
    start = time.perf_counter()
    export_path(dataset, folder / "out.zip")
    report("export", start)
    start = time.perf_counter()
    dataset.refresh()
    report("refresh", start)


def map_(folder, data):
    """A map of 10,000 pictures."""
    dataset = Project(folder).dataset
    import_path(dataset, data / "cifar10-10k.zip")
    pictures = dataset.pictures()
    cache = EmbeddingCache(dataset.embeddings_folder, Backbone.builtin("lite0", 96, "int8"))
    embeddings = cache.embed([Embeddable(p.hash, p.path) for p in pictures])
    for run in ("first", "kept"):
        start = time.perf_counter()
        embedding_map(embeddings, [p.hash for p in pictures], dataset.maps_folder)
        print(f"{run}: {len(pictures)} points in {time.perf_counter() - start:.1f} s")


CLASSES = (10, 2000)
PICTURES = 4000
MOST_TIMES = 2.0


def classes(folder, data):
    """An import of as many pictures in few classes and in many: it is linear in pictures, not in classes."""
    contents = [content for _, content in zip(range(PICTURES), drawn(), strict=False)]
    seconds = {}
    for count in CLASSES:
        source = folder / f"{count} classes"
        for number in range(count):
            (source / f"class {number:04}").mkdir(parents=True)
        for number, content in enumerate(contents):
            (source / f"class {number % count:04}" / f"{number}.jpg").write_bytes(content)
        with Project(folder / f"project of {count}") as project:
            seconds[count] = timed(lambda source=source, to=project.dataset: import_path(to, source))
            print(f"{count:,} classes, {project.dataset.count():,} pictures: {seconds[count]:.1f} s")
    few, many = (seconds[count] for count in CLASSES)
    print(f"many : few {many / few:.2f}, at most {MOST_TIMES}")


def drawn():
    """Small pictures, no two alike."""
    rng = np.random.default_rng(0)
    while True:
        content = io.BytesIO()
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
        coarse.resize((48, 48), Image.Resampling.BICUBIC).save(content, "JPEG")
        yield content.getvalue()


FIGURES = {"labels": labels, "copies": copies, "embed": embed, "memory": memory, "map": map_, "classes": classes}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=FIGURES)
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        FIGURES[arguments.figure](Path(folder), arguments.data)


if __name__ == "__main__":
    main()
