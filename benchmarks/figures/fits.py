"""How many pictures a model is right about for each fit: for models whose file does not say which is right.

Usage: python -m benchmarks.figures.fits MODEL FOLDER [--labels FILE|a,b,c]

FOLDER holds <label>/*.jpg of the model's classes.
"""

import argparse
from pathlib import Path

from whatsit import Classifier, Fit, find_examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", help="a label file, or the labels themselves with commas between")
    given = parser.parse_args()
    labels = given.labels.split(",") if given.labels and "," in given.labels else given.labels
    examples = find_examples(given.folder)
    pictures = [picture for picture, _ in examples]
    for fit in Fit:
        answers = Classifier(given.model, labels, fit=fit).classify_many(pictures, 1)
        right = sum(answer[0].label == label for answer, (_, label) in zip(answers, examples, strict=True))
        print(f"{fit:<8} {right} of {len(examples)} right")


if __name__ == "__main__":
    main()
