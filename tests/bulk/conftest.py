"""A small model and a small taught one, as files."""

from pathlib import Path

import pytest

from drawn_pictures import fill


@pytest.fixture(scope="session")
def bulk_model(small_model, tmp_path_factory) -> Path:
    """Three classes, no embedding."""
    path = tmp_path_factory.mktemp("bulk-model") / "small.tflite"
    path.write_bytes(small_model())
    return path


@pytest.fixture(scope="session")
def taught_file(taught, tmp_path_factory) -> Path:
    """The pavilion and the flower, with embeddings."""
    path = tmp_path_factory.mktemp("bulk-taught") / "photographs.tflite"
    path.write_bytes(taught.to_tflite())
    return path


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Two folders of six pictures."""
    fill(tmp_path / "pictures")
    return tmp_path / "pictures"
