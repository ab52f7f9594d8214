"""A classification function such as a textbook has, beside whatsit, on files of one taught model.

Usage: python -m benchmarks.figures.textbook TRAINING JUDGING [--size 224]

TRAINING and JUDGING hold <label>/*.jpg. The function knows nothing of whatsit and of no metadata: it squashes the
picture to the input, whose type decides the rest. Where the two differ, it is by how they decode a large JPEG.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from whatsit import BackboneChoice, Classifier, find_examples, teach

FILES = {"uint8": ("int8", "uint8"), "int8": ("int8", "int8"), "float32": ("float32", "float32")}
"""Input and output of a file: its arithmetic and its border."""


def classify(picture: Path, model: bytes, labels: Sequence[str], top_k: int = 5) -> list[tuple[str, float]]:
    """The best labels with their probabilities, by LiteRT, numpy and Pillow alone."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    entrance, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _, height, width, channels = entrance["shape"]
    image = Image.open(picture).convert("L" if channels == 1 else "RGB").resize((width, height))
    pixels = np.asarray(image).reshape(1, height, width, channels)
    if entrance["dtype"] == np.uint8:
        values = pixels
    elif entrance["dtype"] == np.int8:
        scale, zero_point = entrance["quantization"]
        values = np.clip(np.round(pixels / 255 / scale + zero_point), -128, 127).astype(np.int8)
    else:
        values = (pixels / 255).astype(np.float32)
    interpreter.set_tensor(entrance["index"], values)
    interpreter.invoke()
    scores = interpreter.get_tensor(exit_["index"])[0].astype(np.float32)
    if exit_["dtype"] != np.float32:
        scale, zero_point = exit_["quantization"]
        scores = (scores - zero_point) * scale
    if scores.min() < 0 or not np.isclose(scores.sum(), 1, atol=0.05):  # logits
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
    return [(labels[index], float(scores[index])) for index in np.argsort(-scores, kind="stable")[:top_k]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", type=Path)
    parser.add_argument("judging", type=Path)
    parser.add_argument("--size", type=int, default=224)
    given = parser.parse_args()
    model = teach(find_examples(given.training), BackboneChoice(size=given.size, fit="squash"))
    pictures, labels = zip(*find_examples(given.judging), strict=True)
    for kind, (dtype, border) in FILES.items():
        content = model.to_tflite(dtype, border)
        classifier = Classifier(content)
        ours = [answer[0].label for answer in classifier.classify_many(pictures, 1)]
        theirs = [classify(picture, content, classifier.labels)[0][0] for picture in pictures]
        same, right, book = (
            sum(a == b for a, b in zip(one, other, strict=True))
            for one, other in ((ours, theirs), (ours, labels), (theirs, labels))
        )
        print(f"{kind:<8} the same {same} of {len(labels)}; right: whatsit {right}, the function {book}")


if __name__ == "__main__":
    main()
