"""Models and servers for the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import Serving, serving


@pytest.fixture(scope="session")
def places_file(taught, tmp_path_factory) -> Path:
    """A model file that tells the pavilion (china) from the flower."""
    path = tmp_path_factory.mktemp("served") / "places.tflite"
    path.write_bytes(taught.to_tflite())
    return path


@pytest.fixture(scope="session")
def running(places_file) -> Iterator[Serving]:
    """A server of that model alone, on loopback without a token."""
    with serving(places_file) as started:
        yield started


@pytest.fixture(scope="session")
def china(photographs) -> bytes:
    """The pavilion, 640 x 427 pixels."""
    return photographs["china"].read_bytes()
