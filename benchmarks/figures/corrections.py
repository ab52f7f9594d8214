"""What a correction costs and reaches:  python -m benchmarks.figures.corrections DATA [--project FOLDER]

``DATA`` has ``train/<label>/`` and ``validation/<label>/``, such as photographs of clothing. All of
``train`` is taught, by class means; then pictures of ``validation`` are corrected. Prints how far a corrected picture
should reach, and for 50 corrections how long they take until they are on disk and in the answers, and whether undoing
them brings back the former answers exactly. Embedding takes minutes; ``--project`` keeps it for the next time.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.formats.importing import import_path
from whatsit.heads.exemplars import REACH
from whatsit.heads.unknown import normalised
from whatsit.studio.lessons.lesson import Lesson, Shot, TaughtClass
from whatsit.studio.studio import Studio
from whatsit.studio.watching.models import TAUGHT

CORRECTIONS = 50
TRIED = 200
FRAMES = 4
ALLOWED_SECONDS = 1.0
Floats = NDArray[np.float32]


def again(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """Another frame of the same scene: cropped, turned and lit otherwise."""
    width, height = picture.size
    side = random.uniform(0.85, 0.97)
    left, top = (int(random.uniform(0, 1 - side) * length) for length in (width, height))
    part = picture.crop((left, top, left + int(side * width), top + int(side * height)))
    turned = part.rotate(random.uniform(-6, 6), resample=Image.Resampling.BILINEAR)
    return ImageEnhance.Brightness(turned).enhance(random.uniform(0.75, 1.25))


def teach_all(studio: Studio, pictures: list[Picture]) -> None:
    """Make every picture a taught one, as if each had been added and learnt."""
    taught = studio.session._taught
    ids = {label: taught.new_id() for label in sorted({one.label for one in pictures})}
    shots = tuple(Shot(taught.new_id(), ids[one.label], True, one.hash, one.key) for one in pictures)
    with studio.project.dataset.editing():
        taught.commit(Lesson(tuple(TaughtClass(id_, label) for label, id_ in ids.items()), shots), Edit(EditKind.LEARN))


def reach(backbone: Backbone, unit: Floats, labels: list[str], pictures: list[tuple[Path, str]]) -> None:
    """Print what corrections of the wrong ones among ``pictures`` would do, for several reaches."""
    random = np.random.default_rng(0)
    names = sorted(set(labels))
    classes = np.searchsorted(names, labels)
    means = np.array([unit[classes == index].mean(axis=0) for index in range(len(names))])

    def embedded(picture: Image.Image) -> Floats:
        return normalised(backbone.embed_pixels(backbone.preprocess.pixels(np.asarray(picture)))[np.newaxis])[0]

    def away(points: Floats) -> Floats:
        return np.asarray(np.linalg.norm(points[:, np.newaxis] - means, axis=2))

    wrong: list[tuple[str, Floats, Floats]] = []
    for path, label in pictures:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        seen = embedded(picture)
        if names[int(away(seen[np.newaxis]).argmin())] != label:
            wrong.append((label, seen, np.array([embedded(again(picture, random)) for _ in range(FRAMES)])))
    taught = away(unit)
    right, nearest = taught.argmin(axis=1) == classes, taught.min(axis=1)
    print(f"{len(wrong)} of {len(pictures)} pictures are answered wrong; what a correction of each does:")
    print("reach   other frames mended   taught pictures lost   taught pictures mended, per correction")
    for part in (1.0, 0.95, 0.9, REACH, 0.8, 0.75, 0.7):
        mended, lost, gained = [], [], []
        for label, seen, frames in wrong:
            mended.append((np.linalg.norm(frames - seen, axis=1) < part * away(frames).min(axis=1)).mean())
            reached = np.linalg.norm(unit - seen, axis=1) < part * nearest
            same = np.array(labels) == label
            lost.append((reached & right & ~same).sum())
            gained.append((reached & ~right & same).sum())
        print(f"{part:5.2f}   {np.mean(mended):19.1%}   {np.mean(lost):20.2f}   {np.mean(gained):22.2f}")


def correct(studio: Studio, pictures: list[tuple[Path, str]]) -> bool:
    """Correct pictures and undo it; print and judge the times."""
    asking, took, computed = studio.asking, [], []
    contents = [(path.read_bytes(), label) for path, label in pictures[:CORRECTIONS]]
    answers = [studio.models.taught._recogniser.classify_pixels(_pixels(studio, content)) for content, _ in contents]
    followed = 0
    for content, label in contents:
        held = asking.ask(TAUGHT, content)
        began, begun = time.perf_counter(), time.thread_time()
        view = asking.correct(TAUGHT, held["picture"], label)
        took.append(time.perf_counter() - began)
        computed.append(time.thread_time() - begun)
        followed += view["answer"]["label"] == label
    began = time.perf_counter()
    studio.guard.wait()
    print(f"{len(took)} corrections with {len(studio.session.lesson.shots):,} taught pictures: followed {followed},")
    print(f"seconds: median {np.median(took):.2f}, p95 {np.quantile(took, 0.95):.2f}, most {max(took):.2f};")
    print(f"of these at work on this thread: p95 {np.quantile(computed, 0.95):.2f};", end=" ")
    print(f"all pictures judged again {time.perf_counter() - began:.1f} s after the last")
    for _ in contents:
        studio.project.dataset.undo()
    now = [studio.models.taught._recogniser.classify_pixels(_pixels(studio, content)) for content, _ in contents]
    print(f"undone: {sum(one == other for one, other in zip(answers, now, strict=True))} former answers exactly")
    return bool(np.quantile(took, 0.95) <= ALLOWED_SECONDS) and followed == len(took) and answers == now


def _pixels(studio: Studio, content: bytes) -> NDArray[np.uint8]:
    return studio.session.embedder.preprocess.pixels(content)


def main() -> None:
    """Measure; exit status 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--project", type=Path)
    asked = parser.parse_args()
    random = np.random.default_rng(0)
    folders = sorted((asked.data / "validation").iterdir())
    pictures = [(path, folder.name) for folder in folders for path in sorted(folder.iterdir())]
    pictures = [pictures[index] for index in random.permutation(len(pictures))[:TRIED]]
    backbone = Backbone.builtin()
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(asked.project or Path(folder), backbone, "browser:")
        try:
            dataset = studio.project.dataset
            if not len(dataset):
                import_path(dataset, asked.data / "train")
            kept = [one for one in dataset.pictures() if not one.error]
            cache = EmbeddingCache(dataset.embeddings_folder, backbone)
            unit = normalised(cache.embed([Embeddable(one.hash, one.path) for one in kept]))
            reach(backbone, unit, [one.label for one in kept], pictures)
            if not studio.session.lesson.shots:
                teach_all(studio, kept)
            good = correct(studio, pictures)
        finally:
            studio.close()
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
