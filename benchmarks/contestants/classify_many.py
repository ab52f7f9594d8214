"""whatsit in bulk."""

from collections import deque
from collections.abc import Callable

from whatsit import Classifier


def prepare(model: str) -> Callable[[list[str]], None]:
    classifier = Classifier(model)

    def go(pictures: list[str]) -> None:
        deque(classifier.classify_many(pictures), maxlen=0)

    return go
