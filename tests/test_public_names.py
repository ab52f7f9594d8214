"""What ``import whatsit`` promises, and what it does not cost."""

import pytest

import whatsit

PROMISED = {
    "Backbone", "BackboneChoice", "CameraError", "Classifier", "Colour", "DataError", "Embedder", "Fit", "ImageError",
    "MissingExtraError", "ModelError", "PixelEmbedder", "Prediction", "Predictions", "Preprocess",
    "SelfLearnClassifier", "TaughtModel", "WhatsitError", "find_examples", "load_image", "teach", "verify",
}  # fmt: skip


def test_every_promised_name_is_there_and_stays():
    assert set(whatsit.__all__) >= PROMISED
    assert list(whatsit.__all__) == sorted(whatsit.__all__)


def test_every_public_name_has_a_docstring():
    assert all(getattr(whatsit, name).__doc__ for name in whatsit.__all__)


def test_every_error_is_a_whatsit_error():
    errors = [getattr(whatsit, name) for name in whatsit.__all__ if name.endswith("Error")]
    assert len(errors) >= 6 and all(issubclass(error, whatsit.WhatsitError) for error in errors)


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
