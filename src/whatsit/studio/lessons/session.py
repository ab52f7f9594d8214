"""Teaching as a series of changes, each on disk before it is acknowledged."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.label import check_label, refuse_twin
from whatsit.errors import DataError, ImageError
from whatsit.imaging.image import load_image
from whatsit.studio.lessons.journal import Journal, Recorded
from whatsit.studio.lessons.learner import Learner
from whatsit.studio.lessons.lesson import Lesson
from whatsit.studio.lessons.shelf import PictureShelf
from whatsit.teaching.feature_store import sidecar_path
from whatsit.teaching.maixpy_file import parse

FEATURES = "my_classes.bin"
MAX_PICTURE_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did, as a message's key and its values; the page has the words in each language."""

    message: str
    values: dict[str, str | int] = field(default_factory=dict)


class TeachSession:
    """Owns what is taught in one project: pictures, embeddings, ``my_classes.bin`` and the way back.

    Every method that changes something returns only when the change would survive a power cut. Killed at any
    moment, the next session on the folder stands where the last one returned, or one change further.

    Methods may be called from several threads; they take turns. Whoever makes a session has the project to
    itself (``Project.acquire``).

    Raises:
        DataError: the folder cannot be used, or its features come from another
            backbone and some have no picture to be computed again from.
    """

    def __init__(self, project: Path, embedder: Embedder) -> None:
        private = project / ".whatsit"
        try:
            private.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{project}: cannot be made a project: {error.strerror}") from error
        self.project = project
        self.embedder = embedder
        self._turn = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._journal = Journal(private / "teach.db")
        self._shelf = PictureShelf(project / "dataset", private / "held")
        self._features = project / FEATURES
        self._recover()

    # -- what there is ----------------------------------------------------------------------------------

    @property
    def lesson(self) -> Lesson:
        """What is taught now."""
        return self._lesson

    @property
    def learner(self) -> Learner:
        """What recognises, as taught now; a change replaces it."""
        return self._learner

    @property
    def auto_learn(self) -> bool:
        """Whether every addition is learnt at once."""
        return self._journal.setting("auto_learn") != "no"

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to go back from."""
        return len(self._journal.lessons()) > 1

    def picture(self, shot_id: int) -> Path | None:
        """Where a shot's picture lies, None where it has none.

        Raises:
            DataError: no such picture.
        """
        with self._turn:
            self._lesson.shot(shot_id)
            name = self._pictures.get(shot_id)
            return None if name is None else self._shelf.place(self._lesson, shot_id, name)

    def picture_name(self, shot_id: int) -> str | None:
        """The file name of a shot's picture, None where it has none."""
        return self._pictures.get(shot_id)

    def feature_file(self) -> bytes:
        """The bytes of ``my_classes.bin``.

        Raises:
            DataError: nothing is taught yet.
        """
        with self._turn:
            if not self._lesson.classes:
                raise DataError("nothing is taught yet; add a class first")
            return self._features.read_bytes()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change, in the thread that made it."""
        self._listeners.append(listener)

    # -- changes ----------------------------------------------------------------------------------------

    def add_class(self, picture: bytes, label: str | None = None) -> Outcome:
        """A class that starts from one picture (an encoded file). Without a label it is named ``class N``.

        Raises:
            DataError: the label is taken or cannot be shown.
            ImageError: the picture cannot be read.
        """
        with self._turn:
            name = self._free_label() if label is None else self._checked_label(label)
            shot_id = self._journal.next_shot_id()
            lesson = self._lesson.with_class(shot_id, name)
            self._add(lesson, shot_id, picture)
            return Outcome("class_added", {"label": name, "class_id": shot_id})

    def add_sample(self, picture: bytes, class_id: int | None = None, burst: str | None = None) -> Outcome:
        """One more picture, of a class or unlabelled. All of one ``burst`` are one step of undo.

        Raises:
            DataError: no such class, or none at all.
            ImageError: the picture cannot be read.
        """
        with self._turn:
            shot_id = self._journal.next_shot_id()
            lesson = self._lesson.with_sample(shot_id, class_id)
            self._add(lesson, shot_id, picture, burst)
            label = self._lesson.label_of(class_id)
            if label is None:
                return Outcome("sample_added")
            return Outcome("labelled_sample_added", {"label": label})

    def learn(self) -> Outcome:
        """Take every sample into account."""
        with self._turn:
            if not self._lesson.classes:
                raise DataError("there is no class yet; add a class first")
            if not self._lesson.unlearnt:
                return Outcome("already_learned")
            lesson, rounds = self._learnt(self._lesson)
            self._commit(lesson)
            return Outcome("learn_complete", {"rounds": rounds})

    def rename(self, class_id: int, label: str) -> Outcome:
        """Give a class another label; its pictures follow.

        Raises:
            DataError: no such class, or the label is taken or cannot be shown.
        """
        with self._turn:
            checked = self._checked_label(label, but=class_id)
            self._commit(self._lesson.renamed(class_id, checked))
            return Outcome("renamed", {"label": checked})

    def remove_class(self, class_id: int) -> Outcome:
        """Forget a class and its pictures.

        Raises:
            DataError: no such class.
        """
        with self._turn:
            label = self._lesson.taught(class_id).label
            self._commit(self._lesson.without_class(class_id))
            return Outcome("class_removed", {"label": label})

    def remove_picture(self, shot_id: int) -> Outcome:
        """Forget one picture; a class that loses its last one is forgotten too.

        Raises:
            DataError: no such picture.
        """
        with self._turn:
            self._commit(self._lesson.without_shot(shot_id))
            return Outcome("picture_removed")

    def move_picture(self, shot_id: int, class_id: int | None) -> Outcome:
        """Give a picture to another class, or make it unlabelled.

        Raises:
            DataError: no such picture or class.
        """
        with self._turn:
            lesson = self._lesson.moved(shot_id, class_id)
            if lesson is not self._lesson:
                self._commit(self._learnt(lesson)[0] if self.auto_learn and lesson.classes else lesson)
            return Outcome("picture_moved")

    def clear(self) -> Outcome:
        """Forget everything taught; undo brings it back."""
        with self._turn:
            if self._lesson.shots:
                self._commit(Lesson())
            return Outcome("cleared")

    def undo(self) -> Outcome:
        """Go back before the last change.

        Raises:
            DataError: there is none.
        """
        with self._turn:
            if not self.can_undo:
                raise DataError("there is nothing to undo")
            before = self._journal.lessons()[-2]
            # Aside first what the journal is about to forget, so that a kill in between leaves no stray file.
            self._shelf.move(self._pictures, self._lesson, before)
            self._journal.step_back()
            self._load_journal()
            self._shelf.discard_all_but(self._pictures.values())
            self._publish()
            return Outcome("undone")

    def load(self, content: bytes) -> Outcome:
        """Begin again from a feature file's bytes; undo brings the lesson before it back.

        Raises:
            DataError: the file is damaged or belongs to another backbone; nothing is changed.
        """
        with self._turn:
            features = parse(content, self.embedder.dim)
            shot_id = self._journal.next_shot_id()
            lesson, added = Lesson(), []
            for index, embedding in enumerate(features.classes):
                label = f"class {index + 1}" if features.labels is None else check_label(features.labels[index])
                lesson = lesson.with_class(shot_id + index, label)
                added.append(Recorded(shot_id + index, None, embedding))
            for embedding in features.samples:
                lesson = lesson.with_sample(shot_id + len(added), None)
                added.append(Recorded(shot_id + len(added), None, embedding))
            self._commit(lesson, added)
            return Outcome("loaded", {"classes": len(lesson.classes), "samples": lesson.samples})

    def set_auto_learn(self, on: bool) -> Outcome:
        """Whether every addition is learnt at once."""
        with self._turn:
            settings = {"auto_learn": "yes" if on else "no"}
            if on and self._lesson.classes and self._lesson.unlearnt:
                self._commit(self._learnt(self._lesson)[0], settings=settings)
            else:
                self._journal.keep(settings)
                self._tell()
            return Outcome("auto_learn_on" if on else "auto_learn_off")

    def close(self) -> None:
        """Let go of the journal."""
        with self._turn:
            self._journal.close()

    # -- how ----------------------------------------------------------------------------------------------

    def _add(self, lesson: Lesson, shot_id: int, picture: bytes, burst: str | None = None) -> None:
        if len(picture) > MAX_PICTURE_BYTES:
            raise ImageError(f"picture of {len(picture):,} bytes: at most {MAX_PICTURE_BYTES:,}; make it smaller first")
        pixels = self.embedder.preprocess.pixels(load_image(picture))
        embedding = self.embedder.embed_pixels(pixels)
        if not np.isfinite(embedding).all():
            raise DataError("this picture gives features that are not numbers; take another")
        name = self._shelf.hold(picture)
        added = Recorded(shot_id, name, embedding)
        if self.auto_learn:
            lesson = self._learnt(lesson, {shot_id: embedding})[0]
        self._commit(lesson, [added], burst)

    def _learnt(self, lesson: Lesson, added: dict[int, NDArray[np.float32]] | None = None) -> tuple[Lesson, int]:
        if not lesson.unlearnt:
            return lesson, 0
        rounds = Learner(lesson.learnt(0), self._embeddings | (added or {}), self.embedder).rounds
        return lesson.learnt(rounds), rounds

    def _commit(
        self,
        lesson: Lesson,
        added: list[Recorded] | None = None,
        burst: str | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        before = self._lesson
        self._journal.commit(lesson, added or [], burst=burst, settings=settings)
        self._load_journal(added)
        self._shelf.move(self._pictures, before, lesson)
        self._publish()

    def _load_journal(self, added: list[Recorded] | None = None) -> None:
        self._lesson = (self._journal.lessons() or (Lesson(),))[-1]
        if added is None:
            shots = self._journal.shots()
            self._embeddings = {shot.id: shot.embedding for shot in shots}
            self._pictures = {shot.id: shot.picture for shot in shots if shot.picture is not None}
            return
        for shot in added:
            self._embeddings[shot.id] = shot.embedding
            if shot.picture is not None:
                self._pictures[shot.id] = shot.picture

    def _publish(self) -> None:
        self._learner = Learner(self._lesson, self._embeddings, self.embedder)
        if self._lesson.classes:
            self._learner.save(self._features)
        else:
            self._features.unlink(missing_ok=True)
            sidecar_path(self._features).unlink(missing_ok=True)
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _recover(self) -> None:
        self._load_journal()
        if not self._journal.lessons():
            self._journal.commit(Lesson())
        self._shelf.settle(self._pictures, self._journal.lessons())
        self._follow_embedder()
        self._publish()

    def _follow_embedder(self) -> None:
        known = self._journal.setting("embedder")
        if known not in (None, self.embedder.id):
            lost = sum(shot not in self._pictures for shot in self._embeddings)
            if lost:
                raise DataError(
                    f"{self.project}: {lost} taught features have no picture and come from {known}, "
                    f"which {self.embedder.id} cannot read; open it with the first, or clear it"
                )
            shots = [Recorded(shot, name, self._again(shot, name)) for shot, name in self._pictures.items()]
            self._journal.replace_embeddings(shots)
            self._load_journal()
        if known != self.embedder.id:
            self._journal.keep({"embedder": self.embedder.id})

    def _again(self, shot_id: int, name: str) -> NDArray[np.float32]:
        path = self._shelf.place(self._lesson, shot_id, name)
        return self.embedder.embed_pixels(self.embedder.preprocess.pixels(path))

    def _free_label(self) -> str:
        taken = {found.label for found in self._lesson.classes}
        return next(name for n in range(1, len(taken) + 2) if (name := f"class {n}") not in taken)

    def _checked_label(self, label: str, but: int | None = None) -> str:
        checked = check_label(label)
        refuse_twin(checked, (found.label for found in self._lesson.classes if found.id != but))
        return checked
