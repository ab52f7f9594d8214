"""A report from a trained model's files and pictures it has not seen."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from whatsit.errors import DataError
from whatsit.evaluation.evaluate import evaluate
from whatsit.evaluation.latency import measure
from whatsit.evaluation.nearest_taught import nearest_taught
from whatsit.evaluation.report import JudgedModel, Report
from whatsit.evaluation.sweep import Trial
from whatsit.models.classifier import Classifier
from whatsit.teaching.teach import Example
from whatsit.tflite.network import read_model_file
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.training.events import Event, OnEvent, Phase, Step, ignore
from whatsit.training.pictures import note_normalisation
from whatsit.training.record import ModelFiles, load_record

NEAREST = 60
"""For at most this many wrong pictures the most similar training pictures are looked up."""


def make_report(
    files: ModelFiles, held: Sequence[Example], taught: Sequence[Example], title: str, *,
    on_event: OnEvent = ignore, cache: Path | None = None, nearest: int = NEAREST,
    trials: Sequence[Trial] = (), threads: int | None = None, split: str = "test",
    normalise: NormaliseLike | None = None,
) -> Report:  # fmt: skip
    """Judge the int8 and, where there is one, the float32 model; look up what the wrong pictures resemble.

    Args:
        held: the pictures of ``split``.
        taught: the training pictures.
        on_event: called with the steps of both models as one count.
        cache: a folder for embeddings.
        nearest: for at most this many wrong pictures the most similar training pictures are looked up.
        trials: a sweep to show in the report.
        threads: of the interpreter.
        normalise: what the network of a model from elsewhere sees of pixel values, as for ``Classifier``.

    Raises:
        ModelError: there is no such model.
        DataError: no picture of ``held`` can be read.
    """
    if not held:
        raise DataError(f"no pictures to test on: put some into the {split} split")
    design, history = load_record(files)
    paths = {"int8": files.int8} | ({"float32": files.float32} if files.float32.exists() else {})
    models: list[JudgedModel] = []
    for dtype, path in paths.items():
        content = read_model_file(path)
        before, total = len(held) * len(models), len(held) * len(paths)

        def count(event: Event, before: int = before, total: int = total) -> None:
            if isinstance(event, Step) and event.phase is Phase.TESTING:
                on_event(replace(event, done=before + event.done, total=total))

        classifier = Classifier(path, threads=threads, normalise=normalise)
        if classifier.card is None:
            note_normalisation(classifier.normalisation, on_event)
        found = evaluate(classifier, held, on_event=count)
        models.append(JudgedModel(dtype, found, measure(content, threads)))
    main, first = models[0].evaluation, Classifier(files.int8, threads=1, normalise=normalise)
    content = read_model_file(files.int8)
    wrong = [one.picture for one in main.wrong[:nearest]]
    near = nearest_taught(
        content, first.preprocess, wrong, taught, cache=cache, on_event=on_event,
        normalise=first.normalisation.text if first.card is None else None,
    )  # fmt: skip
    choices = design.to_dict() if design is not None else {}
    return Report(title, tuple(models), choices, history, tuple(near), tuple(trials), split)
