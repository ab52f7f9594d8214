"""A report from a trained model's files and pictures it has not seen."""

from collections.abc import Callable, Sequence
from pathlib import Path

from whatsit.errors import DataError
from whatsit.evaluation.latency import measure
from whatsit.evaluation.metrics import evaluate
from whatsit.evaluation.nearest_taught import nearest_taught
from whatsit.evaluation.report import JudgedModel, Report
from whatsit.evaluation.sweep import Trial
from whatsit.models.classifier import Classifier
from whatsit.teaching.teach import Example
from whatsit.tflite.network import read_model_file
from whatsit.training.record import ModelFiles, load_record


def make_report(
    files: ModelFiles, held: Sequence[Example], taught: Sequence[Example], title: str, *,
    on_picture: Callable[[], None] = lambda: None, cache: Path | None = None, nearest: int = 60,
    trials: Sequence[Trial] = (), threads: int | None = None, split: str = "test",
) -> Report:  # fmt: skip
    """Judge int8 and, where there is one, float32; look up what the wrong pictures resemble.

    Args:
        held: the pictures of ``split``.
        taught: the training pictures.
        cache: a folder for embeddings.
        nearest: for at most so many wrong pictures the nearest taught ones are found.

    Raises:
        ModelError: there is no such model.
        DataError: no picture of ``held`` can be read.
    """
    if not held:
        raise DataError(f"no pictures to test on: put some in the {split} split")
    design, history = load_record(files)
    models = []
    for dtype, path in (("int8", files.int8), ("float32", files.float32)):
        if dtype == "float32" and not path.exists():
            continue
        content = read_model_file(path)
        found = evaluate(Classifier(content, threads=threads), held, on_picture=on_picture)
        models.append(JudgedModel(dtype, found, measure(content, threads)))
    main = models[0].evaluation
    content = read_model_file(files.int8)
    wrong = [answer.picture for answer in main.wrong[:nearest]]
    near = nearest_taught(content, Classifier(content, threads=1).preprocess.fit, wrong, taught, cache=cache)
    shown = design.to_dict() if design is not None else {}
    return Report(title, tuple(models), shown, history, tuple(near), tuple(trials), split)
