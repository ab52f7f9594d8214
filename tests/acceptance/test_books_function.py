"""A classification function such as a textbook has is right about files from every mode of training.

It knows nothing of whatsit and of no metadata: it squashes the picture to the input, whose type decides the rest.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.figures.textbook import FILES, classify

from whatsit import BackboneChoice, Classifier, Design, Fit, TaughtModel, TrainingMode, find_examples, teach, train


@pytest.fixture(scope="module")
def toys(shared_data: Path) -> list[tuple[Path, str]]:
    """Thirty photographs of each of two toys, and of neither, larger than any input."""
    return find_examples(shared_data / "book" / "dataset")


@pytest.fixture(scope="module")
def cifar(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    """Sixty pictures of each of three classes of CIFAR-10."""
    folder = tmp_path_factory.mktemp("cifar")
    with zipfile.ZipFile(shared_data / "cifar10-10k.zip") as archive:
        for label in ("airplane", "frog", "truck"):
            inside = [name for name in archive.namelist() if f"/{label}/" in name and not name.endswith("/")]
            archive.extractall(folder, inside[:60])
    return find_examples(folder / "train")


SQUASHED = Design(size=96, fit=Fit.SQUASH, views=1)
DESIGNS = {
    "frozen": SQUASHED,
    "fine-tune": replace(SQUASHED, mode=TrainingMode.FINE_TUNE, epochs=2, batch=8),
    "scratch": Design(mode=TrainingMode.SCRATCH, size=32, fit=Fit.SQUASH, epochs=12, batch=8),
}


def assert_agrees(model: TaughtModel, pictures: Sequence[Path]) -> None:
    """Both name the same: 99 of 100, since large JPEGs are decoded in two ways; ties can go either way."""
    for kind, (dtype, border) in FILES.items():
        content = model.to_tflite(dtype, border)
        classifier = Classifier(content)
        assert classifier.takes == np.dtype(kind)
        answers = list(classifier.classify_many(pictures))
        found = [classify(picture, content, classifier.labels) for picture in pictures]
        same = sum(
            best == answer[0].label or score == dict(scores)[answer[0].label]
            for answer, scores in zip(answers, found, strict=True)
            for best, score in scores[:1]
        )
        assert same >= 0.99 * len(pictures), f"{kind}: {same} of {len(pictures)}"
        away = [
            abs(answer[0].score - dict(scores)[answer[0].label]) for answer, scores in zip(answers, found, strict=True)
        ]
        assert np.mean(away) < 0.02
        assert len({scores[0][0] for scores in found}) > 1


def test_it_names_what_whatsit_names_with_a_taught_model(toys: list[tuple[Path, str]]) -> None:
    model = teach(toys[::2], BackboneChoice(size=96, fit="squash"))
    assert_agrees(model, [path for path, _ in toys[1::2]])


@pytest.mark.parametrize("mode", DESIGNS)
def test_it_names_what_whatsit_names_with_a_trained_model(mode: str, request: pytest.FixtureRequest) -> None:
    if mode != "frozen":
        pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    examples = request.getfixturevalue("cifar" if mode == "scratch" else "toys")
    trained = train(examples[::2], DESIGNS[mode], validation=examples[1::2])
    assert_agrees(trained.model, [path for path, _ in examples[1::2]])
