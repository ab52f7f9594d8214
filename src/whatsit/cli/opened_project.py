"""The project a command works in, and its pictures by split."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from whatsit.cli.terminal import note
from whatsit.datasets.label import RESERVED
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.datasets.project import Project
    from whatsit.teaching.teach import Example

_NAMED = 5


@contextmanager
def opened_project(path: Path, *, make: bool = False) -> "Iterator[Project]":
    """The project in ``path``, closed at the end.

    Args:
        path: the project's folder.
        make: start a project where there is none.

    Raises:
        DataError: there is no project, or it cannot be made or read.
    """
    from whatsit.datasets.project import Project

    if not make and not (path / "dataset").is_dir():
        raise DataError(f"{path}: no project here; make one by  whatsit dataset import PICTURES --project {path}")
    project = Project(path)
    try:
        yield project
    finally:
        project.close()


def examples(project: "Project", split: str) -> "list[Example]":
    """The readable pictures of a split with their labels."""
    from whatsit.datasets.split import Split
    from whatsit.training.train import split_examples

    return split_examples(project, Split(split))


def empty_split(project: "Project", split: str) -> DataError:
    """The error for a split without pictures: what fills it."""
    from whatsit.datasets.split import DecidedBy

    helps = "add pictures, or  whatsit dataset split --again"
    if not any(picture.decided_by is DecidedBy.CONTENT for picture in project.dataset.pictures()):
        helps = "their source decided so: move some there on the studio's Dataset page, or in dataset/splits.csv"
    return DataError(f"no pictures in the {split} split: {helps}")


def no_camera(elsewhere: str = "") -> DataError:
    """The error for a command that lacks a camera: where else than by ``--camera`` one can be named."""
    expected = ", ".join(filter(None, ("a camera's address", elsewhere)))
    return DataError(f"--camera is missing: expected {expected}; whatsit cameras  lists them")


def embeddings_folder(project: "Project") -> Path:
    """Where embeddings are cached."""
    return project.dataset.embeddings_folder


def tell_unreadable(project: "Project") -> None:
    """Name on standard error the labelled pictures that cannot be read and so are left out."""
    broken = [picture for picture in project.dataset.pictures() if picture.error and picture.label not in RESERVED]
    for picture in broken[:_NAMED]:
        note(f"Note: left out: {picture.key}: {picture.error}")
    if len(broken) > _NAMED:
        note(f"Note: {len(broken) - _NAMED:,} more left out;  whatsit dataset check  names them")
