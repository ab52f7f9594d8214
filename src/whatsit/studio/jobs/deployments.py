"""Models as other programs take them: a folder packed in the background, kept until the next one."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.datasets.places import DEPLOY
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.deployment.deploy import offers
from whatsit.deployment.target import Need
from whatsit.deployment.targets import TARGETS
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.studio.jobs.job_messages import DeployJob, Message
from whatsit.studio.jobs.remarks import RemarkView, remark_view
from whatsit.studio.jobs.runs import Runs
from whatsit.studio.jobs.worker import Worker
from whatsit.validation import row

PackingState: TypeAlias = Literal["idle", "running", "done", "failed"]


class DeploymentView(TypedDict):
    """Which folder is being packed or is ready."""

    state: PackingState
    name: str
    """The model's."""
    target: str
    notes: list[RemarkView]
    """What to know before using the folder, once it is ready."""
    error: str
    """Why it failed; empty where it did not."""


class OfferView(TypedDict):
    """What a target says of a model."""

    target: str
    refusal: RemarkView | None
    """Why the program cannot run the model; None: it can."""
    notes: list[RemarkView]


class Deployments:
    """One archive at a time in a folder that is emptied at the start and at the end.

    Args:
        tell: called with ``view()`` whenever it changes.
    """

    def __init__(self, project: Project, runs: Runs, tell: Callable[[DeploymentView], None]) -> None:
        self._project = project
        self._runs = runs
        self._tell = tell
        self._folder = DEPLOY.below(project.path)
        self._worker = Worker("deploy")
        self._archive: Path | None = None
        self._view = _view("idle")
        beneath.remove_tree(self._folder)

    def view(self) -> DeploymentView:
        """Which folder is being packed or is ready, and what to know before using it."""
        return self._view

    def offers(self, name: str) -> list[OfferView]:
        """What every target says of model ``name``.

        Raises:
            DataError: there is no such model.
        """
        return [
            {
                "target": offer.name,
                "refusal": None if offer.refusal is None else remark_view(offer.refusal),
                "notes": [remark_view(note) for note in offer.notes],
            }
            for offer in offers(self._runs.files(name).int8)
        ]

    def begin(self, name: str, target: str) -> None:
        """Pack the folder of model ``name`` for ``target``.

        Raises:
            DataError: there is no such model or target, or one is being packed.
        """
        needs = row(TARGETS, target, "target").needs
        files = self._runs.files(name)
        samples = list(self._project.dataset) if Need.TRAINING_PICTURES in needs else []
        taught, judged = (
            [(str(path), label) for path, label, split in samples if split is wanted]
            for wanted in (Split.TRAINING, Split.VALIDATION)
        )
        archive = self._folder / f"{name}-{target}.zip"
        job: DeployJob = {
            "job": "deploy", "project": str(self._project.path),
            "model": str(files.int8), "target": target, "taught": taught, "judged": judged,
            "archive": str(archive),
        }  # fmt: skip
        before = self._view

        def heard(message: Message) -> None:
            if message["kind"] == "deployed":
                self._show({**self._view, "notes": message["notes"]})

        def ended(error: str | None) -> None:
            self._archive = None if error else archive
            self._show({**self._view, "state": "failed" if error else "done", "error": error or ""})

        # First, because the end of the work can be reported before ``begin`` returns.
        self._show(_view("running", name, target))
        try:
            self._worker.begin(job, heard, ended)
        except DataError:
            self._show(before)
            raise

    def archive(self) -> Path:
        """The archive that is ready.

        Raises:
            DataError: none is.
        """
        if self._archive is None or not self._archive.is_file():
            raise DataError("no folder is ready; choose one on the Deploy page")
        return self._archive

    def wait(self) -> None:
        """Block until nothing is being packed."""
        self._worker.wait()

    def close(self) -> None:
        """Stop packing and remove the archive."""
        self._worker.close()
        beneath.remove_tree(self._folder)

    def _show(self, view: DeploymentView) -> None:
        self._view = view
        self._tell(view)


def _view(state: PackingState, name: str = "", target: str = "") -> DeploymentView:
    return {"state": state, "name": name, "target": target, "notes": [], "error": ""}
