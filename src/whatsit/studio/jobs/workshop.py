"""Training, testing and sweeping: one at a time, each in its own process, its progress reported to the tabs."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

from typing_extensions import TypedDict

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.label import RESERVED
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.evaluation.sweep import Trial, combinations, planned
from whatsit.evaluation.sweep_record import SweepRecord
from whatsit.files import beneath
from whatsit.imaging.preprocess import Fit
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.jobs.job_messages import EpochRow, Job, Message, NoteView, Pairs
from whatsit.studio.jobs.runs import Runs
from whatsit.studio.jobs.test_record import TestView, test_view
from whatsit.studio.jobs.worker import Worker
from whatsit.training.design import Design
from whatsit.training.train import marked_strangers, split_examples

JobKind: TypeAlias = Literal["train", "test", "sweep"]
State: TypeAlias = Literal["idle", "running", "stopping", "stopped", "done", "failed"]
Judging: TypeAlias = Literal["test", "validation"]
"""The splits that a model can be tested on; only ``test`` is held out."""
JUDGING: tuple[Judging, ...] = get_args(Judging)
TAIL = 200
"""Epochs in one message; a page that missed earlier ones asks for them."""
_REPORT_SECONDS = 0.1
_NOTES = 20


class EpochsTail(TypedDict):
    """The latest epochs of a training."""

    begin: int
    """How many came before them."""
    rows: list[EpochRow]


class WorkView(TypedDict):
    """The job that is running, or how the last one ended; the WebSocket message ``work``."""

    number: int
    """Counts the jobs; a page that missed one running still sees that it was."""
    job: JobKind | None
    name: str
    """Of the model."""
    state: State
    phase: str
    """One of ``whatsit.training.events.Phase``; ``epochs`` between epochs, ``batches`` within one; empty at first."""
    done: int
    total: int
    """0 where nothing is counted."""
    error: str
    notes: list[NoteView]
    epochs: EpochsTail
    most_epochs: int
    trials: int
    """Designs measured so far."""
    most_trials: int
    seconds: int


class PictureCounts(TypedDict):
    """Labelled pictures in each split, and the labels that training would learn."""

    training: int
    validation: int
    test: int
    labels: int


@dataclass
class _Work:
    number: int = 0
    job: JobKind | None = None
    name: str = ""
    state: State = "idle"
    phase: str = ""
    done: int = 0
    total: int = 0
    error: str = ""
    notes: list[NoteView] = field(default_factory=list)
    epochs: list[EpochRow] = field(default_factory=list)
    most_epochs: int = 0
    trials: int = 0
    most_trials: int = 0
    began: float = field(default_factory=time.time)
    ended: float = 0.0


class Workshop:
    """The job that is running, and the start of the next.

    Args:
        report: called with ``view()`` whenever it changes, about ten times per second at most, from other threads.
        finished: called when a job has succeeded or kept something, with its kind and the model's name.
    """

    def __init__(
        self, project: Project, runs: Runs, report: Callable[[WorkView], None],
        finished: Callable[[JobKind, str], None],
    ) -> None:  # fmt: skip
        self._project = project
        self._runs = runs
        self._report_view = report
        self._finished = finished
        self._worker = Worker("training")
        self._guard = threading.RLock()
        self._work = _Work()
        self._reported = 0.0
        self.sweeps = SweepRecord(project)

    @property
    def running(self) -> bool:
        """Whether a job is running."""
        return self._work.state in ("running", "stopping")

    def view(self) -> WorkView:
        """The job that is running and how far it is, or how the last one ended."""
        with self._guard:
            work = self._work
            begin = max(0, len(work.epochs) - TAIL)
            return {
                "number": work.number, "job": work.job, "name": work.name, "state": work.state, "phase": work.phase,
                "done": work.done, "total": work.total, "error": work.error, "notes": list(work.notes),
                "epochs": {"begin": begin, "rows": work.epochs[begin:]}, "most_epochs": work.most_epochs,
                "trials": work.trials, "most_trials": work.most_trials,
                "seconds": max(0, round((work.ended or time.time()) - work.began)),
            }  # fmt: skip

    def epochs(self) -> list[EpochRow]:
        """All epochs of the training that is running, or of the last one."""
        with self._guard:
            return list(self._work.epochs)

    def counts(self) -> PictureCounts:
        """What there is to train on."""
        samples = self._project.dataset.samples()
        counts = {split: sum(sample.split is split for sample in samples) for split in Split}
        return {
            "training": counts[Split.TRAINING], "validation": counts[Split.VALIDATION], "test": counts[Split.TEST],
            "labels": len({sample.label for sample in samples if sample.split is Split.TRAINING}),
        }  # fmt: skip

    def train(self, name: str, design: Design) -> None:
        """Train a new model and keep the design in ``whatsit.toml``.

        Raises:
            DataError: the name is taken, there are fewer than two labels, or a job is running.
        """
        with self._guard:
            self._check_free()
            files = self._runs.new_files(name)
            training = self._examples(Split.TRAINING)
            labels = {label for _, label in training}
            if len(labels) < 2:
                raise DataError(
                    f"{len(labels)} class{'' if len(labels) == 1 else 'es'} with training pictures: "
                    "training needs two; add pictures on the Dataset page"
                )
            self._project.save_settings(replace(self._project.settings, design=design.to_settings()))
            self._begin("train", name, {
                "job": "train", "project": self._folder, "design": design.to_dict(),
                "folder": str(files.folder), "name": name,
                "training": training, "validation": self._examples(Split.VALIDATION),
                "strangers": self._strangers(), "cache": self._cache,
            })  # fmt: skip

    def test(self, name: str, split: Judging) -> None:
        """Measure a model on the test or the validation pictures.

        Raises:
            DataError: there is no such model, no picture in the split, or a job is running.
        """
        with self._guard:
            self._check_free()
            files = self._runs.files(name)
            held, training = self._pictures(Split(split)), self._pictures(Split.TRAINING)
            if not held:
                raise DataError(f"no pictures in the {split} split: move some there on the Dataset page")
            beneath.make_folder(self._runs.test_file(name, split).parent)
            self._begin("test", name, {
                "job": "test", "project": self._folder, "folder": str(files.folder), "name": name, "split": split,
                "title": f"{self._project.settings.name} · {name}", "cache": self._cache,
                "held": _pairs(held), "ids": _ids(held), "training": _pairs(training), "training_ids": _ids(training),
                "pictures": _digest(held), "result": str(self._runs.test_file(name, split)),
                "trials": [trial.to_dict() for trial in self.sweeps.trials()],
            })  # fmt: skip

    def test_view(self, name: str, split: Judging = "test") -> TestView | None:
        """The last test of a model on a split; None where there was none.

        Raises:
            DataError: there is no such model.
        """
        found = self._runs.test(name, split)
        if found is None:
            return None
        return test_view(found, found["pictures"] != _digest(self._pictures(Split(split))))

    def sweep(
        self, sizes: Sequence[int], backbones: Sequence[str], fits: Sequence[str], widths: Sequence[float] = ()
    ) -> None:
        """Measure every combination with the design of the Train page; ``widths``: fine-tuned, else heads only.

        Raises:
            DataError: no validation pictures, or a job is running.
        """
        with self._guard:
            self._check_free()
            validation = self._examples(Split.VALIDATION)
            if not validation:
                raise DataError("no validation pictures to compare designs on: move some there on the Dataset page")
            self._begin("sweep", "", {
                "job": "sweep", "project": self._folder,
                "design": Design.from_dict(self._project.settings.design).to_dict(),
                "sizes": list(sizes), "backbones": list(backbones), "fits": list(fits), "widths": list(widths),
                "training": self._examples(Split.TRAINING), "validation": validation,
                "strangers": self._strangers(), "cache": self._cache,
            })  # fmt: skip
            wanted = combinations(sizes, backbones, [Fit(fit) for fit in fits])
            self._work.most_trials = len(planned(wanted, Design(), widths))
            self.sweeps.clear()

    def stop(self) -> None:
        """End the job that is running. Training keeps its best epoch, a sweep what it has measured."""
        with self._guard:
            if self._work.state != "running":
                return
            self._work.state = "stopping"
            # Only a job that has started reads what it is asked; a sweep's trials are kept here already.
            if self._work.job == "train" and self._work.phase:
                self._worker.stop()
            else:
                self._worker.kill()
        self._report()

    def wait(self) -> None:
        """Wait until nothing is running."""
        self._worker.wait()

    def close(self) -> None:
        """End the job that is running; what it would have replaced stays."""
        with self._guard:
            if self._work.state == "running":
                self._work.state = "stopping"
        self._worker.close()

    def _check_free(self) -> None:
        if self.running:
            raise DataError("another job is running: wait for it or stop it")

    def _begin(self, kind: JobKind, name: str, job: Job) -> None:
        self._work = _Work(self._work.number + 1, kind, name, "running")
        try:
            self._worker.begin(job, self._heard, self._ended)
        except DataError as error:
            self._work.state, self._work.error, self._work.ended = "failed", error.on_page, time.time()
            self._report()
            raise
        self._report()

    def _heard(self, message: Message) -> None:
        with self._guard:
            before = self._work.phase
            self._note(message)
            turn = message["kind"] == "trial" or self._work.phase != before
        # Epochs of a small head come by the hundred per second.
        if time.monotonic() - self._reported >= _REPORT_SECONDS or (turn and message["kind"] != "epoch"):
            self._report()

    def _note(self, message: Message) -> None:
        work = self._work
        if message["kind"] == "epoch":
            work.epochs.append(message["epoch"])
            work.phase, work.done, work.total = "epochs", len(work.epochs), message["epochs"]
            work.most_epochs = message["epochs"]
        elif message["kind"] == "batch":
            work.phase, work.done, work.total = "batches", message["done"], message["total"]
            work.most_epochs = message["epochs"]
        elif message["kind"] == "trial":
            self.sweeps.add(Trial.from_dict(message["trial"]))
            work.trials, work.most_trials = work.trials + 1, message["trials"]
        elif message["kind"] == "note":
            work.notes = [*work.notes, message["note"]][-_NOTES:]
        elif message["kind"] == "phase":
            work.phase, work.done, work.total = message["phase"], message["done"], message["total"]

    def _ended(self, error: str | None) -> None:
        with self._guard:
            work = self._work
            stopped = work.state == "stopping"
            if work.job == "train":
                self._runs.discard(work.name)
            work.ended = time.time()
            work.error = "" if stopped or error is None else error
            work.state = "stopped" if stopped else "failed" if error else "done"
            kept = error is None or bool(work.trials)
        if kept:
            with contextlib.suppress(DataError):  # the chart for other programs; the page has its own
                self.sweeps.write_page(self._project.settings.name)
            if work.job is not None:
                self._finished(work.job, work.name)
        self._report()

    def _report(self) -> None:
        self._reported = time.monotonic()
        self._report_view(self.view())

    @property
    def _folder(self) -> str:
        return str(self._project.path)

    @property
    def _cache(self) -> str:
        return str(self._project.dataset.embeddings_folder)

    def _examples(self, split: Split) -> Pairs:
        return [(str(path), label) for path, label in split_examples(self._project, split)]

    def _strangers(self) -> list[str]:
        return [str(path) for path in marked_strangers(self._project)]

    def _pictures(self, split: Split) -> list[Picture]:
        found = self._project.dataset.pictures(None, split)
        return [picture for picture in found if not picture.error and picture.label not in RESERVED]


def _pairs(pictures: Sequence[Picture]) -> Pairs:
    return [(str(picture.path), picture.label) for picture in pictures]


def _ids(pictures: Sequence[Picture]) -> list[str]:
    return [picture.hash[:ID_DIGITS] for picture in pictures]


def _digest(pictures: Sequence[Picture]) -> str:
    """The same for the same contents and labels, whatever the names of the files."""
    lines = sorted(f"{picture.hash} {picture.label}" for picture in pictures)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
