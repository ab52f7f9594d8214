"""Training, testing and sweeping: one at a time, each in a process of its own, told to the tabs as it goes on."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.evaluation.sweep import choices
from whatsit.evaluation.sweep_record import SweepRecord
from whatsit.imaging.preprocess import Fit
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.jobs.runs import Runs
from whatsit.studio.jobs.worker import Message, Worker
from whatsit.training.design import Design

Job: TypeAlias = Literal["train", "test", "sweep"]
State: TypeAlias = Literal["idle", "running", "stopping", "stopped", "done", "failed"]
TAIL = 200
"""Epochs in one message; a page that missed earlier ones asks for them."""
_TELL_SECONDS = 0.1
_NOTES = 20


@dataclass
class _Work:
    number: int = 0
    """Counts the works; a page that missed one running still sees that it was."""
    job: Job | None = None
    name: str = ""
    """Of the model."""
    state: State = "idle"
    phase: str = ""
    done: int = 0
    total: int = 0
    """0 while not known."""
    error: str = ""
    notes: list[str] = field(default_factory=list)
    epochs: list[list[Any]] = field(default_factory=list)
    of: int = 0
    """Epochs at most, or designs in all."""
    trials: int = 0
    began: float = field(default_factory=time.time)
    ended: float = 0.0


class Workshop:
    """What is under way, and what is to be done next.

    Args:
        tell: called with ``view()`` whenever it changes, from the working thread; about ten times a second at most.
        finished: called when a job has ended well or kept something, with its kind and the model's name.
    """

    def __init__(
        self, project: Project, runs: Runs, tell: Callable[[dict[str, Any]], None],
        finished: Callable[[Job, str], None],
    ) -> None:  # fmt: skip
        self._project = project
        self._runs = runs
        self._tell_tabs = tell
        self._finished = finished
        self._worker = Worker("training")
        self._guard = threading.RLock()
        self._work = _Work()
        self._told = 0.0
        self.sweeps = SweepRecord(project)

    @property
    def running(self) -> bool:
        """Whether something is under way."""
        return self._work.state in ("running", "stopping")

    def view(self) -> dict[str, Any]:
        """What is under way and how far it is, or how the last ended."""
        with self._guard:
            work = self._work
            begin = max(0, len(work.epochs) - TAIL)
            return {
                "number": work.number, "job": work.job, "name": work.name, "state": work.state, "phase": work.phase,
                "done": work.done,
                "total": work.total, "error": work.error, "notes": list(work.notes), "of": work.of,
                "epochs": {"begin": begin, "rows": work.epochs[begin:]}, "trials": work.trials,
                "seconds": round((work.ended or time.time()) - work.began),
            }  # fmt: skip

    def epochs(self) -> list[list[Any]]:
        """All epochs of the training under way or of the last."""
        with self._guard:
            return list(self._work.epochs)

    def counts(self) -> dict[str, Any]:
        """Labelled pictures in each split, and the labels that training would learn."""
        samples = self._project.dataset.samples()
        counts = {split.value: sum(sample.split is split for sample in samples) for split in Split}
        labels = {sample.label for sample in samples if sample.split is Split.TRAINING}
        return {**counts, "labels": len(labels)}

    def train(self, name: str, design: Design) -> None:
        """Train a new model and keep the design in ``whatsit.toml``.

        Raises:
            DataError: the name is taken, there are fewer than two labels, or something is under way.
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
            job = {
                "job": "train", "design": design.to_dict(), "folder": str(files.folder), "name": name,
                "training": training, "validation": self._examples(Split.VALIDATION), "cache": self._cache,
            }  # fmt: skip
            self._begin("train", name, job)

    def test(self, name: str, split: str) -> None:
        """Measure a model on the test or the validation pictures.

        Raises:
            DataError: there is no such model, no picture in the split, or something is under way.
        """
        if split not in (Split.TEST.value, Split.VALIDATION.value):
            raise DataError(f"split {split!r}: expected test or validation; training pictures flatter")
        with self._guard:
            self._check_free()
            files = self._runs.files(name)
            held, training = self._pictures(Split(split)), self._pictures(Split.TRAINING)
            if not held:
                raise DataError(f"no pictures in the {split} split: move some there on the Dataset page")
            self._runs.test_file(name, split).parent.mkdir(parents=True, exist_ok=True)
            job = {
                "job": "test", "folder": str(files.folder), "name": name, "split": split,
                "title": f"{self._project.settings.name} · {name}", "cache": self._cache,
                "held": _pairs(held), "ids": _ids(held), "training": _pairs(training), "taught_ids": _ids(training),
                "pictures": _digest(held), "result": str(self._runs.test_file(name, split)),
                "trials": [trial.to_dict() for trial in self.sweeps.trials()],
            }  # fmt: skip
            self._begin("test", name, job)

    def test_view(self, name: str, split: str = "test") -> dict[str, Any] | None:
        """The last test of a model on a split, and whether its pictures have changed since; None where there was none.

        Raises:
            DataError: there is no such model.
        """
        found = self._runs.test(name, split)
        if found is None:
            return None
        return {**found, "changed": found["pictures"] != _digest(self._pictures(Split(found["split"])))}

    def sweep(self, sizes: Sequence[int], backbones: Sequence[str], fits: Sequence[str]) -> None:
        """Measure every combination with the design of the Train page.

        Raises:
            DataError: nothing to judge by, or something is under way.
        """
        with self._guard:
            self._check_free()
            validation = self._examples(Split.VALIDATION)
            if not validation:
                raise DataError("no validation pictures to judge by: move some there on the Dataset page")
            job = {
                "job": "sweep", "design": self._project.settings.design, "sizes": list(sizes),
                "backbones": list(backbones), "fits": list(fits), "training": self._examples(Split.TRAINING),
                "validation": validation, "cache": self._cache,
            }  # fmt: skip
            self._begin("sweep", "", job)
            self._work.of = len(choices(sizes, backbones, [Fit(fit) for fit in fits]))
            self.sweeps.clear()

    def stop(self) -> None:
        """End what is under way. Training keeps its best epoch, a sweep what it has measured."""
        with self._guard:
            if self._work.state != "running":
                return
            self._work.state = "stopping"
            # What it is asked is read by a job that has begun; a sweep's trials are kept here already.
            if self._work.job == "train" and self._work.phase:
                self._worker.stop()
            else:
                self._worker.kill()
        self._tell()

    def wait(self) -> None:
        """Until nothing is under way."""
        self._worker.wait()

    def close(self) -> None:
        """End what is under way; what it would have replaced stays."""
        with self._guard:
            if self._work.state == "running":
                self._work.state = "stopping"
        self._worker.close()

    def _check_free(self) -> None:
        if self.running:
            raise DataError("something is under way already: wait for it or stop it")

    def _begin(self, job: Job, name: str, asked: Message) -> None:
        self._work = _Work(self._work.number + 1, job, name, "running")
        self._worker.begin(asked, self._heard, self._ended)
        self._tell()

    def _heard(self, message: Message) -> None:
        with self._guard:
            work = self._work
            turn = "epoch" in message or "trial" in message or message.get("phase", work.phase) != work.phase
            if "epoch" in message:
                work.epochs.append(message["epoch"])
                work.phase, work.done, work.total, work.of = "epoch", len(work.epochs), message["of"], message["of"]
            elif "trial" in message:
                self.sweeps.add(message["trial"])
                work.trials, work.of = work.trials + 1, message["of"]
            elif "note" in message:
                work.notes = [*work.notes, message["note"]][-_NOTES:]
            else:
                work.phase, work.done, work.total = message["phase"], message["done"], message["total"]
                work.of = message.get("of", work.of)
        if time.monotonic() - self._told >= _TELL_SECONDS or (turn and "epoch" not in message):
            self._tell()

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
        self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        self._tell_tabs(self.view())

    @property
    def _cache(self) -> str:
        return str(self._project.dataset.embeddings_folder)

    def _examples(self, split: Split) -> list[tuple[str, str]]:
        return [(str(path), label) for path, label, found in self._project.dataset if found is split]

    def _pictures(self, split: Split) -> list[Picture]:
        found = self._project.dataset.pictures(None, split)
        return [picture for picture in found if not picture.error and picture.label != UNLABELLED]


def _pairs(pictures: Sequence[Picture]) -> list[tuple[str, str]]:
    return [(str(picture.path), picture.label) for picture in pictures]


def _ids(pictures: Sequence[Picture]) -> list[str]:
    return [picture.hash[:ID_DIGITS] for picture in pictures]


def _digest(pictures: Sequence[Picture]) -> str:
    """The same for the same contents and labels, whatever the files are called."""
    lines = sorted(f"{picture.hash} {picture.label}" for picture in pictures)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
