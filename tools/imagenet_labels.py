"""Write ``src/whatsit/backbones/data/imagenet_labels.txt`` from the synset lists in ``timm``'s wheel.

Usage: pip download --no-deps timm && python tools/imagenet_labels.py timm-*.whl

WordNet's first lemma is the name. Where two classes share it, the name says which: the two cranes, and the maillot
that is a tank suit.
"""

import sys
import zipfile
from collections import Counter
from pathlib import Path

FOLDER = "timm/data/_info/"
CLEARER = {"n02012849": "crane (bird)", "n03126707": "crane (machine)", "n03710721": "maillot, tank suit"}


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        synsets = wheel.read(FOLDER + "imagenet_synsets.txt").decode().split()
        lines = wheel.read(FOLDER + "imagenet_synset_to_lemma.txt").decode().splitlines()
    lemmas = dict(line.split("\t", 1) for line in lines)
    labels = [CLEARER.get(synset, lemmas[synset].split(",")[0].strip()) for synset in synsets]
    twins = [label for label, count in Counter(labels).items() if count > 1]
    if len(labels) != 1000 or twins:
        raise SystemExit(f"{len(labels)} labels, shared by two classes: {twins}")
    target = Path(__file__).parent.parent / "src/whatsit/backbones/data/imagenet_labels.txt"
    target.write_text("\n".join(labels) + "\n")


if __name__ == "__main__":
    main()
