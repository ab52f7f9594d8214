"""Models as other programs take them: a folder packed in the background, kept until the next one."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.deployment.deploy import Target
from whatsit.errors import DataError
from whatsit.studio.jobs.job_messages import DeployJob, Message
from whatsit.studio.jobs.runs import Runs
from whatsit.studio.jobs.worker import Worker


class Deployments:
    """One archive at a time in a folder that is emptied at the start and at the end.

    Args:
        tell: called with ``view()`` whenever it changes.
    """

    def __init__(self, project: Project, runs: Runs, tell: Callable[[dict[str, Any]], None]) -> None:
        self._project = project
        self._runs = runs
        self._tell = tell
        self._folder = project.path / ".whatsit" / "deploy"
        self._worker = Worker("deploy")
        self._archive: Path | None = None
        self._view: dict[str, Any] = {"state": "idle", "name": "", "target": "", "notes": [], "files": [], "error": ""}
        shutil.rmtree(self._folder, ignore_errors=True)

    def view(self) -> dict[str, Any]:
        """Which folder is being packed or is ready, and what to know before using it."""
        return self._view

    def begin(self, name: str, target: str) -> None:
        """Pack the folder of model ``name`` for ``target``.

        Raises:
            DataError: there is no such model or target, or one is being packed.
        """
        if target not in list(Target):
            raise DataError(f"target {target!r}: expected one of {', '.join(Target)}")
        files = self._runs.files(name)
        samples = list(self._project.dataset) if target == Target.MAIXPY else []
        taught, judged = (
            [(str(path), label) for path, label, split in samples if split is wanted]
            for wanted in (Split.TRAINING, Split.VALIDATION)
        )
        archive = self._folder / f"{name}-{target}.zip"
        job: DeployJob = {
            "job": "deploy", "model": str(files.int8), "target": str(target), "taught": taught, "judged": judged,
            "archive": str(archive),
        }  # fmt: skip
        begun = {"state": "running", "name": name, "target": target, "notes": [], "files": [], "error": ""}

        def ended(error: str | None) -> None:
            self._archive = None if error else archive
            self._show(state="failed" if error else "done", error=error or "")

        self._worker.begin(job, self._heard, ended)
        self._view = begun
        self._tell(begun)

    def archive(self) -> Path:
        """The archive that is ready.

        Raises:
            DataError: none is.
        """
        if self._archive is None or not self._archive.is_file():
            raise DataError("no folder is ready; choose one on the Deploy page")
        return self._archive

    def wait(self) -> None:
        """Until nothing is being packed."""
        self._worker.wait()

    def close(self) -> None:
        """End the packing and remove the archive."""
        self._worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _heard(self, message: Message) -> None:
        if message["kind"] == "deployed":
            self._show(files=message["files"], notes=message["notes"])

    def _show(self, **change: Any) -> None:
        self._view = {**self._view, **change}
        self._tell(self._view)
