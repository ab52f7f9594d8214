"""The projects of one folder, by name: which there are, and which one the studio is to open next."""

import re
from collections.abc import Callable
from pathlib import Path

from whatsit.datasets.places import DATASET, SETTINGS, STATE
from whatsit.errors import DataError
from whatsit.validation import short

_NAME = re.compile(r"\w(?:[\w .-]{0,62}\w)?")
_FIRST = "project"
_SIGNS = (SETTINGS, STATE, DATASET)


class Shelf:
    """The projects directly in ``folder``, which is given when the studio starts; requests only ever name them.

    Args:
        folder: made where it is missing.

    Raises:
        DataError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"cannot make the projects' folder {folder}: {error.strerror}; choose another one"
            ) from error
        self.wanted: str | None = None
        """What is to be opened next; None: nothing else."""
        self.problem = ""
        """Why the project that was wanted last could not be opened; empty where it was."""
        self.leave: Callable[[], None] = lambda: None
        """Called when another project is wanted: ends the server of the one that is open."""

    def names(self) -> list[str]:
        """The projects, sorted; links are none."""
        found = (one for one in self.folder.iterdir() if one.is_dir() and not one.is_symlink())
        return sorted(
            one.name for one in found if _NAME.fullmatch(one.name) and any(s.below(one).exists() for s in _SIGNS)
        )

    def latest(self) -> Path:
        """The folder of the project that was used last, or of the first one to be made."""
        paths = [self.folder / name for name in self.names()]
        return max(paths, key=lambda path: STATE.below(path).stat().st_mtime if STATE.below(path).exists() else 0.0,
                   default=self.folder / _FIRST)  # fmt: skip

    def open(self, name: str) -> None:
        """Have a project opened in place of the one that is.

        Raises:
            DataError: there is none of that name.
        """
        if name not in self.names():
            raise DataError(f"project {short(name)}: there is none of that name; choose one of the list")
        self._want(name)

    def make(self, name: str) -> None:
        """Have a new project made and opened.

        Raises:
            DataError: the name cannot be used, or is taken.
        """
        if not _NAME.fullmatch(name):
            raise DataError(f"project name {short(name)}: expected letters, digits, spaces, '-', '_', '.', at most 64")
        if name.casefold() in {path.name.casefold() for path in self.folder.iterdir()}:
            raise DataError(f"project name {short(name)}: is taken; choose another name")
        self._want(name)

    def take(self) -> Path | None:
        """The folder to open next, once; None: nothing else is to be opened."""
        name, self.wanted = self.wanted, None
        return self.folder / name if name is not None else None

    def _want(self, name: str) -> None:
        self.wanted, self.problem = name, ""
        self.leave()
