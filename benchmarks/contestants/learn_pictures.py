"""The self-learning classifier: one picture per class, the others as unlabelled samples, then ``learn``."""

from collections.abc import Callable
from pathlib import Path

from whatsit import SelfLearnClassifier


def prepare(model: str) -> Callable[[list[str]], None]:
    del model
    # The backbone is loaded once, as a device does at its start.
    classifier = SelfLearnClassifier(dual_buff=False)

    def go(pictures: list[str]) -> None:
        classifier.clear()
        seen: set[str] = set()
        for picture in pictures:
            label = Path(picture).parent.name
            if label in seen:
                classifier.add_sample(picture)
            else:
                seen.add(label)
                classifier.add_class(picture, label=label)
        classifier.learn()

    return go
