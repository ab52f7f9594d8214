"""Everything one studio owns: the lesson, the camera, the dataset, what recognises, and the open tabs."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from whatsit.backbones.embedder import Embedder
from whatsit.cameras.listing import first_camera
from whatsit.datasets.edit import EditKind
from whatsit.datasets.places import DOUBTFUL, EXPORTS, TESTS, UPLOADS
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.serving.correcting import CorrectedView, is_new
from whatsit.studio.gallery import counts_view
from whatsit.studio.jobs.background import Background
from whatsit.studio.jobs.coaching import Coaching
from whatsit.studio.jobs.deployments import Deployments
from whatsit.studio.jobs.downloads import Downloads
from whatsit.studio.jobs.explanations import Explanations, WhyView
from whatsit.studio.jobs.importing import Importing
from whatsit.studio.jobs.inspection import Inspection
from whatsit.studio.jobs.likeness import Likeness
from whatsit.studio.jobs.picture_map import PictureMap
from whatsit.studio.jobs.runs import Runs, RunsView
from whatsit.studio.jobs.uploads import Uploads
from whatsit.studio.jobs.workshop import JobKind, Workshop
from whatsit.studio.lessons.collection import Collection
from whatsit.studio.lessons.corrections import Corrections
from whatsit.studio.lessons.edit_view import undo_view
from whatsit.studio.lessons.lesson_view import lesson_view
from whatsit.studio.lessons.reasons import taught_explainer
from whatsit.studio.lessons.session import TeachSession
from whatsit.studio.outbox import Hub, as_text
from whatsit.studio.watching.asking import Asking, CorrectedValues
from whatsit.studio.watching.camera_choice import CameraChoice
from whatsit.studio.watching.camera_metrics import CameraMetrics
from whatsit.studio.watching.feed import Feed, encode
from whatsit.studio.watching.folder_watch import FolderWatch
from whatsit.studio.watching.guard import Guard
from whatsit.studio.watching.inbox import Inbox
from whatsit.studio.watching.models import TAUGHT, Models, ModelsView
from whatsit.studio.watching.outlets import Outlets
from whatsit.studio.watching.recognition import AnswerView
from whatsit.studio.watching.steering import Steering
from whatsit.studio.watching.while_wanted import WhileWanted
from whatsit.tflite.reading_file import keep_normalise


class Studio:
    """Opened once a process; closing it releases the camera and the project.

    Args:
        folder: the project's folder, made where it is missing.
        embedder: the backbone that teaching uses.
        camera: a camera's address; empty: the one in ``whatsit.toml``, else the first that is found.
        answers: the folder of a bulk run that the Find page searches, too.

    Raises:
        DataError: the project cannot be used, or another studio has it.
        CameraError: the camera's address is not understood.
    """

    def __init__(
        self, folder: Path, embedder: Embedder, camera: str = "synthetic:", answers: Path | None = None
    ) -> None:
        with contextlib.ExitStack() as opened:
            self.project = opened.enter_context(Project(folder))
            self.session = opened.enter_context(contextlib.closing(TeachSession(self.project.dataset, embedder)))
            camera = camera or self.project.settings.camera or first_camera()
            self.feed = opened.enter_context(contextlib.closing(Feed(camera)))
            self._opened = opened.pop_all()
        self.hub = Hub()
        self.camera = CameraChoice(self.feed, self.project, self._camera_chosen)
        self.collection = Collection(self.project.dataset)
        self.folder_watch = FolderWatch(self.project.dataset)
        self.corrections = Corrections(self.project.dataset, embedder, self.session.embeddings)
        self.guard = Guard(self._teller("guard"))
        folder = self.project.path
        self.outlets = Outlets(folder, self.attend)
        self.inbox = Inbox(DOUBTFUL.below(folder), lambda: self.project.settings.inbox, self._tell_inbox)
        self.metrics = CameraMetrics(lambda: self.feed.camera)
        self.models = Models(
            self.project.models, self.session.learner, self.feed, self.hub, wants=self.outlets,
            watches=(self.inbox.watch, self.metrics.watch, self.outlets.put),
            recognise_all=self.project.settings.recognise_all,
        )  # fmt: skip
        self.steering = Steering(self.models, self.outlets, self.feed, self.use_run, self.tell_models)
        self.uploads = Uploads(UPLOADS.below(folder))
        self.importing = Importing(self.project.dataset, self.uploads, self._background("import"))
        self.downloads = Downloads(self.project.dataset, EXPORTS.below(folder), self._background("export"))
        self.mapping = self._background("map")
        self.map = PictureMap(self.project.dataset, embedder, self.mapping)
        self.gathering = self._background("find")
        self.likeness = Likeness(self.project.dataset, embedder, self.gathering, answers)
        self.checking = self._background("check")
        self.inspection = Inspection(self.project.dataset, embedder, self.checking)
        self.runs = Runs(self.project.models, TESTS.below(folder))
        comparing = Background("compare", lambda _: None)
        self.explanations = Explanations(self.project.dataset, comparing, lambda: taught_explainer(self.session))
        looking = Background("coach", lambda _: None)
        self.coaching = Coaching(self.project.dataset, embedder, self.session, looking)
        self.workshop = Workshop(self.project, self.runs, self._teller("work"), self._job_finished)
        self.deployments = Deployments(self.project, self.runs, self._teller("deploy"))
        self.encoded = 0
        """Preview frames encoded so far, however many watched."""
        self._preview = WhileWanted("preview", lambda: self.hub.wanted("frame"), self._encode_frames)
        self._attendant = ThreadPoolExecutor(1, thread_name_prefix="attend")
        settle = self._attendant.submit
        self.asking = Asking(self.project.dataset, self.corrections, self.models, self.guard, settle, self.feed)
        self._closed = False
        self._followed = self.project.dataset.edits
        """The number of the latest edit that the inbox knows of."""
        self.session.listen(self._lesson_changed)
        self.corrections.listen(self._follow_corrections)
        self._follow_corrections()
        self.project.dataset.listen(self.dataset_changed)
        self.feed.listen(self.tell_camera)
        self._follow_model()
        self._attendant.submit(self.outlets.load, self.steering)

    def attend(self) -> None:
        """Begin the work the tabs have come to want and end what none wants; returns at once."""
        self._preview.wake()
        with contextlib.suppress(RuntimeError):  # closing
            self._attendant.submit(self.models.attend)

    def choose_model(self, name: str) -> None:
        """Load a model, for tabs to watch its answers.

        Raises:
            DataError: there is no such model.
            ModelError: its file is broken.
        """
        self._attendant.submit(self.models.open, name).result()
        self.tell_models()

    def answer_now(self, name: str | None) -> AnswerView:
        """What the camera sees in this moment.

        Args:
            name: a model's name in messages; None: the project's model that is used live, else what was taught.

        Raises:
            DataError: there is no such model, or no picture yet.
            ModelError: its file is broken.
        """
        chosen = name or self._in_use or TAUGHT
        if chosen not in self.models:
            self.choose_model(chosen)
        return self.models.get(chosen).once()

    def set_threshold(self, name: str, threshold: float) -> None:
        """The score below which a model's answers are uncertain, 0..1.

        Raises:
            DataError: outside, or the model is not open.
        """
        self.models.get(name).set_threshold(threshold)
        self.tell_models()

    def why(self, model: str, picture: str | None, frame: float | None = None, held: str | None = None) -> WhyView:
        """Why a model says what it says: with corrections of a frame of the camera or a held picture, else without.

        Args:
            picture: of the dataset, by the beginning of its SHA-256; None: another one.
            frame: when it was taken, of one of the latest answers; None: the newest.
            held: the id of a held picture; None: a frame.

        Raises:
            DataError: no such model or picture, the frame is not kept any more, or nothing is taught yet.
            CameraError: the camera gives no picture.
            ModelError: the model's file is broken.
        """
        file, of_taught = self.models.choice(model).file, model == TAUGHT
        if picture is not None:
            found = self.project.dataset.by_hash(picture)
            return self.explanations.why(file, found.path, of_taught=of_taught, key=found.key)
        shown = self.asking.shown(model, frame, held)
        alone, exemplars = self.models.seen(model, shown)
        return self.explanations.why(file, shown, of_taught=of_taught, alone=alone, exemplars=exemplars)

    def dataset_changed(self) -> None:
        """Tell every tab what is taught, collected and sorted by now, and what Undo would undo."""
        edits = self.project.dataset.edits
        self.guard.forget(edits)
        if edits != self._followed:
            self._bring_frames_back(edits)
        for kind, message in self._dataset_messages().items():
            self.hub.post(kind, message)

    def greetings(self) -> dict[str, str]:
        """What is sent to a new tab, by kind of message."""
        return {
            **self._dataset_messages(),
            "camera": as_text("camera", self.camera.view()),
            "guard": as_text("guard", self.guard.view()),
            "inbox": as_text("inbox", self.inbox.view()),
            "models": as_text("models", self.models_view()),
            "work": as_text("work", self.workshop.view()),
            "runs": as_text("runs", self.runs_view()),
            "deploy": as_text("deploy", self.deployments.view()),
        }

    def models_view(self) -> ModelsView:
        """The models, for the page."""
        return {"models": self.models.view(), "in_use": self._in_use}

    def runs_view(self) -> RunsView:
        """The project's own models, the newest first, and which is used live."""
        return {"runs": self.runs.view(), "in_use": self.project.settings.model}

    def correct_frame(self, frame: str, label: str | None) -> CorrectedValues:
        """Say what a doubtful frame is; its group leaves the inbox, until that is undone.

        Raises:
            DataError: it is not there any more, the label cannot be used, or the disk is full; nothing is changed.
        """
        kept, content = self.inbox.get(frame)
        model = kept.model if kept.model in self.models else TAUGHT
        view = self.asking.correct_picture(model, content, label, source=kept.source, taken=kept.time)
        self.inbox.set_aside(frame, hashlib.sha256(content).hexdigest())
        return view

    def correct(self, content: bytes, label: str | None) -> CorrectedView:
        """Say what a picture is that a program sent.

        Raises:
            ImageError: it cannot be read.
            DataError: the label cannot be used, or the disk is full; nothing is changed.
        """
        new = is_new(self.project, label)
        model = self._in_use if self._in_use is not None and self._in_use in self.models else TAUGHT
        view = self.asking.correct_picture(model, content, label, source="", taken=time.time())
        return {"label": label, "new_class": new, "at_once": view["counts"] or self.models.can_follow(content)}

    def use_run(self, name: str) -> None:
        """Recognise with a model from now on, in every open tab, for every sink, and after the next start.

        Args:
            name: of a model of the project; empty: what was taught on the Teach page.

        Raises:
            DataError: there is no such model.
            ModelError: its file is broken; the one used before stays.
        """
        if name:
            self.runs.files(name)
            self._attendant.submit(self.models.open, _file_model(name)).result()
        self.project.save_settings(replace(self.project.settings, model=name))
        self._follow_model()
        self.tell_models()
        self.tell_runs()

    def delete_run(self, name: str) -> None:
        """Remove a model; where it is the one in use, none of the project's is any more.

        Raises:
            DataError: there is no such model, or it is being worked on.
        """
        work = self.workshop.view()
        if self.workshop.running and work["name"] == name:
            raise DataError(f"model {name!r}: is being worked on; wait for it or stop it")
        self.runs.delete(name)
        if self.project.settings.model == name:
            self.project.save_settings(replace(self.project.settings, model=""))
            self._follow_model()
        self._attendant.submit(self.models.refresh, _file_model(name)).result()
        self.tell_models()
        self.tell_runs()

    def keep_reading(self, name: str, normalise: str | None) -> None:
        """Read a model from elsewhere as a person says, everywhere it is opened; None: as the file says.

        Raises:
            DataError: there is no such model, no such normalisation, or the folder cannot be written.
        """
        files = self.runs.files(name)
        keep_normalise(files.int8, normalise)
        self._attendant.submit(self.models.refresh, _file_model(name)).result()
        self.tell_models()

    def save_rules(self, tables: Sequence[Mapping[str, object]]) -> None:
        """Keep rules in ``whatsit.toml`` and put them to work.

        Raises:
            DataError: the file cannot be written or understood; the rules of before go on.
        """
        self.project.save_tables("rules", tables, "name")
        self.reload_outlets()

    def reload_outlets(self) -> None:
        """Put the sinks and rules that ``whatsit.toml`` names now to work."""
        self._attendant.submit(self.outlets.load, self.steering).result()

    def tell_camera(self) -> None:
        """Send every tab which camera is watched."""
        self.hub.post("camera", as_text("camera", self.camera.view()))

    def tell_models(self) -> None:
        """Send every tab which models there are."""
        self.hub.post("models", as_text("models", self.models_view()))

    def tell_runs(self) -> None:
        """Send every tab what the project's models are."""
        self.hub.post("runs", as_text("runs", self.runs_view()))

    def close(self) -> None:
        """End all work, release the camera, let go of the project. Closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        self.outlets.close()  # first: what was switched is safe at once
        self.workshop.close()
        self.deployments.close()
        self.guard.close()
        self._attendant.shutdown(cancel_futures=True)
        self.feed.stop_watching()
        self._preview.close()
        self.models.close()
        for work in (self.importing, self.mapping, self.gathering, self.checking):
            work.close()
        self.explanations.close()
        self.coaching.close()
        self.downloads.close()
        self.uploads.close()
        self.inbox.close()
        self.corrections.close()
        self._opened.close()

    def _camera_chosen(self) -> None:
        self.attend()
        self.tell_camera()

    def _follow_model(self) -> None:
        self.outlets.model = self._in_use or TAUGHT
        self.attend()

    def _background(self, name: str) -> Background:
        return Background(name, self._teller(name))

    def _teller(self, kind: str) -> Callable[[Mapping[str, object]], None]:
        return lambda view: self.hub.post(kind, as_text(kind, view))

    @property
    def _in_use(self) -> str | None:
        name = self.project.settings.model
        return _file_model(name) if name and name in self.runs.names() else None

    def _job_finished(self, job: JobKind, name: str) -> None:
        if job == "train":
            self.tell_models()
        self.tell_runs()

    def _dataset_messages(self) -> dict[str, str]:
        """Kind -> message of everything that an edit can change."""
        dataset = self.project.dataset
        views: dict[str, Mapping[str, object]] = {
            "lesson": lesson_view(self.session),
            "dataset": counts_view(dataset),
            "collection": self.collection.view(),
            "undo": undo_view(dataset),
        }
        return {kind: as_text(kind, view) for kind, view in views.items()}

    def _lesson_changed(self) -> None:
        self.models.taught.replace(self.session.learner)
        self.hub.post("lesson", as_text("lesson", lesson_view(self.session)))

    def _tell_inbox(self) -> None:
        self.hub.post("inbox", as_text("inbox", self.inbox.view()))

    def _follow_corrections(self) -> None:
        self.models.taught.replace(self.session.learner, self.corrections.exemplars)
        root = self.project.dataset.root
        corrected = [(one.hash, root / one.key, one.label) for one in self.corrections.pictures]
        with contextlib.suppress(RuntimeError):  # closing
            self._attendant.submit(self.models.follow, corrected)

    def _bring_frames_back(self, edits: int) -> None:
        new, self._followed = self.project.dataset.edits_since(self._followed), edits
        undone = [edit for edit in new if edit.undoes and edit.kind in (EditKind.CORRECT, EditKind.STRANGER)]
        if undone:
            with contextlib.suppress(DataError):  # a full disk: the undo is done all the same
                self.inbox.bring_back({one.hash for edit in undone for one in (*edit.before, *edit.after)})

    def _encode_frames(self, wanted: Callable[[], bool]) -> None:
        for frame in self.feed.frames(wanted):
            self.hub.post("frame", encode(frame))
            self.encoded += 1


def _file_model(name: str) -> str:
    """What ``Models`` calls a file of the project."""
    return f"file:{name}"
