"""The last sweep of a project, saved as it grows."""

import contextlib
import json

from whatsit.datasets.places import SWEEP
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.evaluation.sweep import Trial
from whatsit.files import read_bounded, write_file

_MAX_BYTES = 2**26


class SweepRecord:
    """``.whatsit/sweep.json``, and ``models/sweep.html`` for people; the same for the studio and the command line."""

    def __init__(self, project: Project) -> None:
        self._path = SWEEP.below(project.path)
        self._page = project.models / "sweep.html"
        self._trials = self._load()

    def clear(self) -> None:
        """Forget the last sweep; its file stays until the first trial of the next."""
        self._trials = []

    def add(self, trial: Trial) -> None:
        """Keep one more trial."""
        self._trials = [*self._trials, trial]
        with contextlib.suppress(DataError):  # a full disk: the page still shows it
            rows = [one.to_record() for one in self._trials]
            write_file(self._path, json.dumps(rows, ensure_ascii=False).encode())

    def trials(self) -> list[Trial]:
        """What was measured, in that order."""
        return list(self._trials)

    def write_page(self, title: str) -> None:
        """Write ``models/sweep.html`` where anything was measured.

        Raises:
            DataError: it cannot be written.
        """
        from whatsit.evaluation.sweep_page import sweep_page

        if self._trials:
            write_file(self._page, sweep_page(title, self._trials))

    def _load(self) -> list[Trial]:
        try:
            return [Trial.from_dict(row) for row in json.loads(read_bounded(self._path, _MAX_BYTES))]
        # None, or of another version: sweeping again makes one.
        except (DataError, ValueError, TypeError, KeyError, RecursionError):
            return []
