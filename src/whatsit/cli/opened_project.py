"""The project a training command works in, and its pictures by split."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from whatsit.cli.terminal import note
from whatsit.datasets.label import UNLABELLED
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.datasets.project import Project
    from whatsit.teaching.teach import Example

_NAMED = 5


@contextmanager
def opened_project(path: Path) -> "Iterator[Project]":
    """The project in ``path``, which must be there.

    Raises:
        DataError: no project there.
    """
    from whatsit.datasets.project import Project

    if not (path / "dataset").is_dir():
        raise DataError(f"{path}: no project here; start one by  whatsit dataset import PICTURES --project {path}")
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
    """What to do where a split has no pictures."""
    from whatsit.datasets.split import DecidedBy

    helps = "add pictures, or  whatsit dataset split --again"
    if not any(picture.decided_by is DecidedBy.CONTENT for picture in project.dataset.pictures()):
        helps = "their source decided so: move some there on the studio's Dataset page, or in dataset/splits.csv"
    return DataError(f"no pictures in the {split} split: {helps}")


def embeddings_folder(project: "Project") -> Path:
    """Where embeddings are kept."""
    return project.path / ".whatsit" / "embeddings"


def tell_unreadable(project: "Project") -> None:
    """Name on standard error what of the project's pictures cannot be read and so is left out."""
    broken = [picture for picture in project.dataset.pictures() if picture.error and picture.label != UNLABELLED]
    for picture in broken[:_NAMED]:
        note(f"Note: left out: {picture.key}: {picture.error}")
    if len(broken) > _NAMED:
        note(f"Note: {len(broken) - _NAMED:,} more left out;  whatsit dataset check  names them")
