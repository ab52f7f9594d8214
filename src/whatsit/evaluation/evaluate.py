"""A model against the labels of pictures it has not seen."""

import os
from collections.abc import Iterable

from whatsit.datasets.project import Project
from whatsit.datasets.split import Split, split_of
from whatsit.errors import DataError, ImageError
from whatsit.evaluation.metrics import Evaluation, JudgedPicture
from whatsit.models.classifier import Classifier
from whatsit.teaching.teach import Example, checked_pairs
from whatsit.training.events import OnEvent, Phase, Step, ignore
from whatsit.training.train import split_examples

_EVENTS_EVERY = 8


def evaluate(
    model: Classifier | str | os.PathLike[str] | bytes,
    pictures: Project | Iterable[Example],
    *,
    split: Split | str = Split.TEST,
    on_event: OnEvent = ignore,
) -> Evaluation:
    """Classify labelled pictures and compare with their labels.

    Pictures that cannot be read are listed and left out. Pictures of classes that the model does not have count as
    wrong.

    Args:
        model: a classifier, or the path or content of a ``.tflite``.
        pictures: a project, of which ``split`` is used, or (picture, label) pairs.
        split: which pictures of a project; only ``test`` is held out from training.
        on_event: called with every few pictures' ``Step``.

    Raises:
        ArgumentError: neither a project nor pairs of picture and label, no such split, or no model.
        DataError: there is no picture that can be read.
        ModelError: the model cannot be used.

    Example:
        >>> found = whatsit.evaluate("bottles/models/model.tflite", whatsit.Project("bottles"))  # doctest: +SKIP
        >>> found.accuracy, found.interval, found.confusion  # doctest: +SKIP
    """
    classifier = model if isinstance(model, Classifier) else Classifier(model)
    wanted = split_of(split)
    examples = split_examples(pictures, wanted) if isinstance(pictures, Project) else checked_pairs(pictures)
    judged, unreadable = [], []
    answers = classifier.classify_many((picture for picture, _ in examples), 1, errors="return")
    for number, ((picture, label), found) in enumerate(zip(examples, answers, strict=True), 1):
        if number % _EVENTS_EVERY == 0 or number == len(examples):
            on_event(Step(Phase.TESTING, number, len(examples)))
        if isinstance(found, ImageError):
            unreadable.append(str(found))
            continue
        best = found[0]
        judged.append(JudgedPicture(picture, label, best.label, best.score, found.strangeness, found.unknown))
    if not judged:
        raise DataError("no pictures to test on: put some into the test split of the dataset")
    never_taught = tuple(sorted({one.label for one in judged} - set(classifier.labels)))
    labels = (*classifier.labels, *never_taught)
    return Evaluation(tuple(judged), labels, never_taught, classifier.threshold, tuple(unreadable))
