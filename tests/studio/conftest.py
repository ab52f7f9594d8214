"""Studios and sessions for the tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from served import Served, served

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.lessons.session import TeachSession


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a studio, with the settings of ``StudioServer``."""
    with ExitStack() as running:
        yield lambda **settings: running.enter_context(served(tmp_path / "project", **settings))


@pytest.fixture
def page(serve: Callable[..., Served]) -> Iterator[httpx.Client]:
    """A page of a studio on the demonstration scene."""
    with serve().client() as client:
        yield client


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project that this process holds."""
    with Project(tmp_path / "project") as project:
        yield project


@pytest.fixture
def folder(project: Project) -> Path:
    """Its folder."""
    return project.path


@pytest.fixture
def session(project: Project) -> Iterator[TeachSession]:
    session = TeachSession(project.dataset, PixelEmbedder())
    yield session
    session.close()
