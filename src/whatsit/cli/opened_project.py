"""The project a training command works in, and its pictures by split."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.project import Project
    from whatsit.teaching import Example


@contextmanager
def opened_project(path: Path) -> "Iterator[Project]":
    """The project in ``path``, which must be there.

    Raises:
        DataError: no project there.
    """
    from whatsit.project import Project

    if not (path / "dataset").is_dir():
        raise DataError(f"{path}: no project here; start one by  whatsit dataset import PICTURES --project {path}")
    project = Project(path)
    try:
        yield project
    finally:
        project.close()


def examples(project: "Project", split: str) -> "list[Example]":
    """The readable pictures of a split with their labels."""
    return [(path, label) for path, label, found in project.dataset if found == split]


def embeddings_folder(project: "Project") -> Path:
    """Where embeddings are kept."""
    return project.path / ".whatsit" / "embeddings"
