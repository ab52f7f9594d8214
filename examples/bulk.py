"""``make demo-bulk``: pictures made, classified in bulk, killed, resumed, searched and summarised, with figures.

The pictures are crops of the two photographs that scikit-learn contains and views of the demonstration scene, of which
only some things are taught; one file in a hundred is broken.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from whatsit import BackboneChoice, bulk, load_image, teach
from whatsit.bulk.summary_page import summary_page
from whatsit.demo import photograph_parts, scene_views
from whatsit.processes import environment, module_command

THINGS, STRANGERS = ("mug", "plant"), ("duck",)
DIFFERENT = 24


def main() -> None:
    """Show it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--output", type=Path, default=Path(".demo/bulk"))
    options.add_argument("--pictures", type=int, default=6000)
    asked = options.parse_args()
    shutil.rmtree(asked.output, ignore_errors=True)
    pictures, out, model = asked.output / "pictures", asked.output / "answers", asked.output / "things.tflite"
    began = time.perf_counter()
    make_pictures(pictures, asked.pictures)
    print(f"{asked.pictures:,} pictures made in {time.perf_counter() - began:.0f} s: {pictures}")
    began = time.perf_counter()
    examples = [(part, name) for name in ("china", "flower") for part in photograph_parts(name, 8)]
    examples += [(view, name) for name in THINGS for view in scene_views(name, 8)]
    model.write_bytes(teach(examples, BackboneChoice(size=96)).to_tflite())
    print(f"taught on {len(examples)} others in {time.perf_counter() - began:.0f} s: {model}")
    kept = kill_one(pictures, out, model)
    print(f"killed with all its processes (SIGKILL) when {kept} of {-(-asked.pictures // 1000)} parts were whole")
    result = bulk.run(pictures, out, model, embeddings=True, resume=True)
    rate = result.tally.pictures / max(result.seconds, 1e-9)
    print(
        f"resumed: {result.present} parts were there, {result.tally.pictures:,} pictures classified, {rate:.0f} a "
        f"second, {result.tally.unknown_share:.1%} unknown, {result.tally.errors} unreadable"
    )
    began = time.perf_counter()
    search = bulk.Search(out)
    print(f"index of {len(search):,} embeddings in {time.perf_counter() - began:.1f} s")
    query = search.embed(next(scene_views("mug", 1)))
    search.nearest(query)
    began = time.perf_counter()
    found = search.nearest(query, 5)
    print(f"most like a mug, in {1000 * (time.perf_counter() - began):.1f} ms:")
    for match in found:
        print(f"  {match.similarity:.3f}  {match.label:<7} {match.path}")
    (out / "summary.html").write_bytes(summary_page(bulk.summarise(out)))
    for label, count in bulk.summarise(out).labels.items():
        print(f"  {label:<7} {count.pictures:>6,} known {count.unknown:>6,} unknown")
    print(f"the doubtful ones: {out / 'summary.html'}")


def make_pictures(folder: Path, count: int) -> None:
    """``count`` different pictures, and broken files between them."""
    folder.mkdir(parents=True)
    sources = [Image.fromarray(part) for name in ("china", "flower") for part in photograph_parts(name, DIFFERENT)]
    sources += [Image.fromarray(view) for name in (*THINGS, *STRANGERS) for view in scene_views(name, DIFFERENT)]
    chance = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number:06d}.jpg"
        if number % 100 == 17:
            path.write_bytes(b"\xff\xd8\xff broken")
            continue
        source = sources[int(chance.integers(len(sources)))]
        width = int(chance.integers(250, 320))
        left, top = int(chance.integers(0, 321 - width)), int(chance.integers(0, 241 - width * 3 // 4))
        crop = source.resize((160, 120), box=(left, top, left + width, top + width * 3 // 4))
        ImageEnhance.Brightness(crop).enhance(float(chance.uniform(0.8, 1.2))).save(path, quality=88)
    load_image(folder / "000000.jpg")


def kill_one(pictures: Path, out: Path, model: Path) -> int:
    """Start a run, kill it when its first part is whole, and say how many were."""
    command = module_command("whatsit", "bulk", str(pictures), str(out), "--model", str(model), "--embeddings")
    run = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    while run.poll() is None and not any(out.glob("part-*")):
        time.sleep(0.05)
    if run.poll() is None:
        os.kill(run.pid, signal.SIGKILL)
    run.wait()
    return sum(1 for _ in out.glob("part-*"))


if __name__ == "__main__":
    sys.exit(main())
