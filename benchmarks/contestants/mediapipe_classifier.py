"""MediaPipe's ImageClassifier. Runs in MediaPipe's own environment."""

from collections.abc import Callable

import mediapipe as mp
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import ImageClassifier, ImageClassifierOptions


def prepare(model: str) -> Callable[[list[str]], None]:
    options = ImageClassifierOptions(base_options=BaseOptions(model_asset_path=model), max_results=5)
    classifier = ImageClassifier.create_from_options(options)

    def go(pictures: list[str]) -> None:
        for picture in pictures:
            classifier.classify(mp.Image.create_from_file(picture))

    return go
