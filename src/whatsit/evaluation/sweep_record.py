"""The last sweep of a project: kept as it grows, shown with the efficient designs marked and one recommended."""

import contextlib
import json
from typing import Any

from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.evaluation.sweep import Trial, pareto_front, recommend
from whatsit.files import write_file


class SweepRecord:
    """``.whatsit/sweep.json``, and ``models/sweep.html`` for people; the same for the studio and the command line."""

    def __init__(self, project: Project) -> None:
        self._path = project.path / ".whatsit" / "sweep.json"
        self._page = project.models / "sweep.html"
        self._trials: list[dict[str, Any]] = self._load()

    def clear(self) -> None:
        """Begin anew."""
        self._trials = []

    def add(self, trial: dict[str, Any]) -> None:
        """Keep one more trial, as ``Trial.to_dict`` gives it."""
        self._trials.append(trial)
        with contextlib.suppress(DataError):  # a full disk: the page still shows it
            write_file(self._path, json.dumps(self._trials, ensure_ascii=False).encode())

    def view(self, milliseconds: float | None = None, size: int | None = None) -> dict[str, Any]:
        """The trials, which are efficient, and the recommended one within the limits, if any is.

        Args:
            milliseconds: at most so long a picture.
            size: at most so many bytes.
        """
        rows = list(self._trials)
        trials = [Trial.from_dict(row) for row in rows]
        front = pareto_front(trials)
        best = recommend(trials, milliseconds=milliseconds, size=size)
        return {
            "trials": [{**row, "efficient": trial in front} for row, trial in zip(rows, trials, strict=True)],
            "recommended": None if best is None else trials.index(best),
        }

    def trials(self) -> list[Trial]:
        """What was measured, in its order."""
        return [Trial.from_dict(row) for row in list(self._trials)]

    def write_page(self, title: str) -> None:
        """Write ``models/sweep.html`` where anything was measured.

        Raises:
            DataError: it cannot be written.
        """
        from whatsit.evaluation.report import sweep_page

        if self._trials:
            write_file(self._page, sweep_page(title, self.trials()))

    def _load(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            for row in found:
                Trial.from_dict(row)
        except (OSError, ValueError, TypeError, KeyError):  # none, or of another version: sweeping again makes one
            return []
        return list(found)
