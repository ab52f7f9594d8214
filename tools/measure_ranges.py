"""Measure the activation ranges that ship with whatsit: ``src/whatsit/backbones/data/ranges_<name>.json``.

Usage: python tools/measure_ranges.py lite0 FOLDER_OR_ZIP... [--pictures 240] [--seed 0]

Any varied photographs do; the file records how many were used and from which folders' names. For every size of
``ranges.MEASURED`` the float32 network runs on all of them and each tensor's lowest and highest value is kept. Smaller
sizes see larger values, which is why ranges are measured at each.
"""

import argparse
import json
import random
import sys
import zipfile
from pathlib import Path

from rich.progress import track

from whatsit.backbones import BACKBONES
from whatsit.backbones.builtin import weights_path
from whatsit.backbones.efficientnet_lite import MEAN, STD, build
from whatsit.backbones.ranges import MEASURED
from whatsit.backbones.torch_weights import read_weights
from whatsit.imaging.picture_format import is_picture_name
from whatsit.imaging.preprocess import Preprocess
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.quantise import measure_ranges


def pictures(sources: list[Path], count: int, seed: int) -> list[Path | bytes]:
    """The same number of pictures from every source."""
    chosen: list[Path | bytes] = []
    for source in sources:
        if source.suffix == ".zip":
            with zipfile.ZipFile(source) as archive:
                names = sorted(n for n in archive.namelist() if is_picture_name(n))
                some = random.Random(seed).sample(names, min(len(names), count // len(sources)))
                chosen += [archive.read(name) for name in some]
        else:
            files = sorted(f for f in source.rglob("*") if is_picture_name(f.name))
            chosen += random.Random(seed).sample(files, min(len(files), count // len(sources)))
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=[name for name, row in BACKBONES.items() if row.variant is not None])
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--pictures", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    variant = BACKBONES[arguments.name].variant
    assert variant is not None
    weights = read_weights(weights_path(variant), variant.sha256)
    chosen = pictures(arguments.sources, arguments.pictures, arguments.seed)
    found = {}
    for size in track(list(MEASURED), "Measuring"):
        preprocess = Preprocess(size, size, mean=(MEAN,), std=(STD,))
        content = write_model(build(variant, weights, size, top=True, taps=True))
        inputs = (preprocess.normalised(preprocess.pixels(picture))[None] for picture in chosen)
        ranges = measure_ranges(content, inputs)
        found[str(size)] = {t: [float(f"{a:.5g}"), float(f"{b:.5g}")] for t, (a, b) in ranges.items()}
    record = {
        "made_by": "tools/measure_ranges.py",
        "pictures": len(chosen),
        "sources": [source.name for source in arguments.sources],
        "ranges": found,
    }
    target = Path(__file__).parent.parent / "src/whatsit/backbones/data" / f"ranges_{arguments.name}.json"
    target.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(
        f"{target}: {len(chosen)} pictures, {len(found)} sizes, {target.stat().st_size:,} bytes",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
