"""How pictures are made small: the pixels beside those of a plain resize, and the time, for several reducing gaps.

Usage: python -m benchmarks.figures.resampling FOLDER [--size 224]

FOLDER holds <label>/*.jpg. The plain resize decodes a JPEG whole and makes it small in one step, as textbooks do.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whatsit import Fit, Preprocess, find_examples
from whatsit.imaging.preprocess import EARLIER_GAP, REDUCING_GAP

GAPS = (EARLIER_GAP, 1.5, REDUCING_GAP, 3.0)
"""``reducing_gap`` of Pillow's resize."""


def plain(picture: Path, size: int) -> NDArray[np.uint8]:
    return np.asarray(Image.open(picture).convert("RGB").resize((size, size)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=224)
    given = parser.parse_args()
    pictures = [picture for picture, _ in find_examples(given.folder)]
    for gap in GAPS:
        prepare = Preprocess(given.size, given.size, Fit.SQUASH, reducing_gap=gap)
        seconds, differences = 0.0, []
        for picture in pictures:
            start = time.process_time()
            ours = prepare.pixels(picture)
            seconds += time.process_time() - start
            differences.append(float(np.abs(ours.astype(int) - plain(picture, given.size)).mean()))
        mark = "  (in use)" if gap == REDUCING_GAP else ""
        print(
            f"gap {gap!s:<5} differs by {np.mean(differences):.2f} of 255 on average, {max(differences):.2f} at most; "
            f"{1000 * seconds / len(pictures):.1f} ms a picture{mark}",
            flush=True,
        )


if __name__ == "__main__":
    main()
