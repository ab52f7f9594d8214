"""Whatever arrives is right, or it is said why not: the table of models and layouts, one row a test."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from foreign_arrivals import MODELS
from foreign_folders import imported, written
from foreign_layouts import LAYOUTS
from foreign_models import COLOURS, LABELS, colour_classifier, named
from whatsit import Classifier, DataError, ModelError, find_examples
from whatsit.models.inspection import inspect


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(MODELS) + len(LAYOUTS) > 100


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_right_or_says_what_it_lacks(name: str, tmp_path: Path) -> None:
    row = MODELS[name]
    file = tmp_path / "model.tflite"
    file.write_bytes(row.model)
    for beside, content in row.beside.items():
        (tmp_path / beside).write_bytes(content)
    if row.expected not in ("right", "guess"):
        with pytest.raises((ModelError, DataError), match=row.expected) as refused:
            Classifier(file, **row.settings)
        assert "\n" not in str(refused.value) and inspect(file, **row.settings).problem
        return
    classifier = Classifier(file, **row.settings)
    assert named(classifier) == list(LABELS)
    guesses = [one.what for one in classifier.assumptions if one.guess and one.what != "fit"]
    assert guesses == (["normalisation"] if row.expected == "guess" else [])


@pytest.mark.parametrize("convention", ["-1..1", "0..255"])
def test_a_float_model_that_is_read_wrongly_says_that_it_is_read_by_a_guess(convention: str) -> None:
    classifier = Classifier(colour_classifier(convention), LABELS)
    assert next(one.what for one in classifier.assumptions if one.guess) == "normalisation"
    told = inspect(colour_classifier(convention), [np.full((9, 9, 3), COLOURS["red"], np.uint8)], labels=LABELS)
    assert convention in {reading.normalise for reading in told.readings if reading.labels == (("red", 1),)}


def arrived(counts: Counter[tuple[str, str]], expected: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """What was imported, without the splits where whatsit decides them."""
    if all(split for _, split in expected):
        return counts
    found = Counter[tuple[str, str]]()
    for (label, _), count in counts.items():
        found[label, ""] += count
    return found


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_right_or_says_what_it_lacks(name: str, tmp_path: Path) -> None:
    row = LAYOUTS[name]
    source = written(tmp_path / "in", *row.pictures)
    for path, content in row.files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    if isinstance(row.expected, str):
        for use in (lambda: imported(source, tmp_path), lambda: find_examples(source)):
            with pytest.raises(DataError, match=row.expected) as refused:
                use()
            assert "\n" not in str(refused.value)
        return
    counts, report = imported(source, tmp_path / "a")
    assert report.read_as and arrived(counts, Counter(row.expected)) == row.expected
    labels = Counter[str]()
    for (label, _), count in row.expected.items():
        labels[label] += count
    assert Counter(label for _, label in find_examples(source)) == labels
    if row.alone:
        assert imported(source / row.alone, tmp_path / "b")[0] == counts
