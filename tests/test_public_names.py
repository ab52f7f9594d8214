"""What ``import whatsit`` promises, and what it does not cost."""

import re
from pathlib import Path

import pytest
from PIL import Image

import whatsit

PROMISED = {
    "Answer", "ArgumentError", "Augmentation", "Backbone", "BackboneChoice", "Camera", "CameraEndedError",
    "CameraError", "CameraLostError", "Classifier", "Colour", "DataError", "Deployment", "Design", "Embedder",
    "Evaluation", "FewShotClassifier", "Fit", "Frame", "ImageError", "ImageLike", "Live", "MissingExtraError",
    "ModelError", "PixelEmbedder", "Prediction", "Predictions", "Preprocess", "Project", "ProjectInUseError",
    "SelfLearnClassifier", "SharedCamera", "Sink", "Smoothing", "Split", "SplitRatios", "TaughtModel", "Training",
    "TrainingMode", "WhatsitError", "capture", "deploy", "evaluate", "find_examples", "import_path", "load_image",
    "open_camera", "teach", "train", "verify",
}  # fmt: skip


def test_every_promised_name_is_there_and_stays():
    assert set(whatsit.__all__) >= PROMISED
    assert list(whatsit.__all__) == sorted(whatsit.__all__)


def test_what_is_printed_says_what_it_is(tmp_path):
    things = whatsit.FewShotClassifier(whatsit.PixelEmbedder(32))
    things.add(bytes_of(tmp_path), "mug")
    assert repr(things) == f"FewShotClassifier({things.backbone.id}: {{'mug': 1}})"
    assert repr(whatsit.Project(tmp_path / "bottles")) == f"Project({str(tmp_path / 'bottles')!r})"


def bytes_of(folder):
    Image.new("RGB", (40, 40), "red").save(folder / "red.png")
    return (folder / "red.png").read_bytes()


def test_every_public_name_has_a_docstring():
    assert all(getattr(whatsit, name).__doc__ for name in whatsit.__all__)


def test_every_error_is_public_and_stands_in_the_tree_of_the_module():
    from whatsit import errors

    defined = {
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert defined == {name for name in whatsit.__all__ if name.endswith("Error")}
    assert all(issubclass(getattr(errors, name), whatsit.WhatsitError) for name in defined)
    drawn = [re.match(r"    ([│ ├└─]*)(\w+Error) ", line) for line in (errors.__doc__ or "").splitlines()]
    parents: list[str] = []
    for depth, name in ((len(found[1]) // 4, found[2]) for found in drawn if found):
        assert not depth or getattr(errors, name).__base__.__name__ == parents[depth - 1], name
        parents[depth:] = [name]
        defined.remove(name)
    assert not defined


def test_the_stub_is_one_sorted_list_of_names_and_nothing_else():
    stub = Path(whatsit.__file__).with_suffix(".pyi").read_text()
    lines = [line for line in stub.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"from whatsit\.[\w.]+ import (\w+) as \1", line) for line in lines)
    assert {line.split()[-1] for line in lines} == {*whatsit.__all__, "__version__"}


@pytest.mark.parametrize(
    "heavy", ["sklearn", "fastapi", "uvicorn", "ai_edge_quantizer", "rich", "typer", "cv2", "scipy", "numpy", "PIL"]
)
def test_importing_whatsit_loads_nothing_heavy(loaded, heavy):
    assert heavy not in loaded


def test_a_public_name_is_listed_before_it_is_loaded_and_loaded_once(run_python):
    done = run_python(
        "import sys, whatsit; print(*{*whatsit.__all__} - {*dir(whatsit)}, 'numpy' in sys.modules);"
        "from whatsit import Classifier; print(Classifier is vars(whatsit)['Classifier'], 'numpy' in sys.modules)"
    )
    assert (done.stdout.split(), done.stderr) == (["False", "True", "True"], "")


@pytest.fixture(scope="module")
def loaded(run_python):
    done = run_python("import sys, whatsit; print(*{name.split('.')[0] for name in sys.modules})")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
