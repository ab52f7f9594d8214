"""Teaching as a series of changes, each an edit of the dataset and on disk before it is acknowledged."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from whatsit.backbones.cache import Embeddable
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.label import RESERVED, UNLABELLED, check_label, refuse_twin, reserved
from whatsit.datasets.placement import look_at
from whatsit.datasets.places import LESSONS
from whatsit.datasets.split import Split
from whatsit.errors import DataError, ImageError
from whatsit.imaging.image import load_image
from whatsit.models.taught_model import evenly_sampled
from whatsit.studio.lessons.embeddings import Embeddings, Vector
from whatsit.studio.lessons.learner import Learner
from whatsit.studio.lessons.legacy import take_over
from whatsit.studio.lessons.lesson import Lesson, Shot, TaughtClass
from whatsit.studio.lessons.store import LessonStore
from whatsit.studio.lessons.taught import Taught
from whatsit.teaching.maixpy_file import parse

MAX_PICTURE_BYTES = 16 * 2**20
MOST_EACH = 40
"""Pictures of a class that are taught at once from the dataset: more hardly move its mean."""


class TeachSession:
    """What is taught in one project. Which pictures are taught is kept here; their labels are their folders'.

    Every change is an edit of the dataset, so that ``Dataset.undo`` undoes whatever was done last, on any page or from
    the command line. What was done to the pictures in any other way counts too, from ``Dataset.refresh`` on.

    Every method that changes something returns only when the change would survive a power cut. Killed at any
    moment, the next session on the folder stands where the last one returned, or one change further.

    Methods may be called from several threads; they take turns, among themselves and with the dataset's edits. The
    caller holds the project (``Project.acquire``).

    Raises:
        DataError: the folder cannot be used, or its features come from another
            backbone and some have no picture to be computed again from.
    """

    def __init__(self, dataset: Dataset, embedder: Embedder) -> None:
        self.dataset = dataset
        self.embedder = embedder
        store = LessonStore(LESSONS.below(dataset.root.parent))
        try:
            embeddings = Embeddings(dataset, embedder)
            with dataset.editing():
                take_over(store, dataset, embeddings, embedder)
                self._taught = Taught(dataset, embedder, store, embeddings)
        except BaseException:
            store.close()
            raise

    # -- what there is ----------------------------------------------------------------------------------

    @property
    def lesson(self) -> Lesson:
        """What is taught now."""
        return self._taught.lesson

    @property
    def learner(self) -> Learner:
        """What recognises, as taught now; a change replaces it."""
        return self._taught.learner

    @property
    def embeddings(self) -> Embeddings:
        """Those of pictures, kept while the studio runs."""
        return self._taught.embeddings

    @property
    def auto_learn(self) -> bool:
        """Whether every addition is learnt at once."""
        return self._taught.auto_learn

    def picture(self, shot_id: int) -> Path | None:
        """Where a shot's picture lies, None where it has none.

        Raises:
            DataError: no such picture.
        """
        key = self.lesson.shot(shot_id).key
        return self.dataset.root / key if key else None

    def feature_file(self) -> bytes:
        """The bytes of ``my_classes.bin``.

        Raises:
            DataError: nothing is taught yet, or the file cannot be written.
        """
        with self.dataset.editing():
            return self._taught.feature_file()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change of what is taught, in the thread that made it."""
        self._taught.listen(listener)

    # -- changes ----------------------------------------------------------------------------------------

    def add_class(
        self, picture: bytes, label: str | None = None, *, source: str = "", time: float | None = None
    ) -> TaughtClass:
        """A class that starts from one picture (an encoded file). Without a label it is named ``class N``.

        Args:
            picture: the file.
            label: a folder of this name is joined, where there is one.
            source: where the picture came from, for people.
            time: when it was taken, in seconds since 1970; now where not given.

        Raises:
            DataError: the label is taken or cannot be shown.
            ImageError: the picture cannot be read.
        """
        with self.dataset.editing():
            name = self._free_label() if label is None else self._checked_label(label)
            new = TaughtClass(self._taught.new_id(), name)
            shot = Shot(self._taught.new_id(), new.id, learnt=True)
            self._add(lambda shot: self.lesson.with_class(new, shot), shot, picture, name, "", source, time)
            return new

    def add_sample(
        self,
        picture: bytes,
        class_id: int | None = None,
        burst: str | None = None,
        *,
        source: str = "",
        time: float | None = None,
    ) -> str | None:
        """One more picture, of a class or unlabelled. All of one ``burst`` are one edit.

        Args:
            picture: an encoded file.
            class_id: its class.
            burst: pictures of one press share this word.
            source: where the picture came from, for people.
            time: when it was taken, in seconds since 1970; now where not given.

        Returns:
            The class's label.

        Raises:
            DataError: no such class, or none at all.
            ImageError: the picture cannot be read.
        """
        with self.dataset.editing():
            label = self.lesson.label_of(class_id)
            shot = Shot(self._taught.new_id(), class_id)
            self._add(self.lesson.with_sample, shot, picture, label or UNLABELLED, burst or "", source, time)
            return label

    def teach_dataset(self) -> int:
        """Teach pictures that are in the dataset already, and learn: of every class the training pictures, at most
        ``MOST_EACH`` of them, at even distances. One edit.

        Returns:
            How many were taught that were not before.

        Raises:
            DataError: more classes or pictures than a lesson holds; nothing is taught then.
        """
        chosen = self._untaught()
        self.embeddings.of_pictures([Embeddable(one.hash, one.path) for one in chosen])  # takes long: others may edit
        with self.dataset.editing():
            lesson, there = self.lesson, {one.key for one in self._untaught()}
            for picture in chosen:
                if picture.key in there and self.embeddings.picture(picture.hash) is not None:
                    lesson = self._with_picture(lesson, picture)
            count = len(lesson.shots) - len(self.lesson.shots)
            if count:
                self._taught.commit(self._taught.learnt(lesson)[0], Edit(EditKind.LEARN))
            return count

    def learn(self) -> int | None:
        """Take every sample into account.

        Returns:
            The rounds that took; None where no sample waited.

        Raises:
            DataError: there is no class yet.
        """
        with self.dataset.editing():
            if not self.lesson.classes:
                raise DataError("there is no class yet; add a class first")
            if not self.lesson.unlearnt:
                return None
            lesson, rounds = self._taught.learnt(self.lesson)
            self._taught.commit(lesson, Edit(EditKind.LEARN))
            return rounds

    def rename(self, class_id: int, label: str) -> None:
        """Give a class another label: its folder gets the name, or joins the one that has it.

        Raises:
            DataError: no such class, or the label is taken or cannot be shown.
        """
        with self.dataset.editing():
            old, checked = self.lesson.taught(class_id).label, self._checked_label(label, but=class_id)
            lesson = self.lesson.renamed(class_id, checked)
            if checked != old:
                self._taught.commit(lesson, self._renaming(class_id, old, checked))

    def remove_class(self, class_id: int) -> str:
        """Forget a class and the pictures taught to it; returns its label.

        Raises:
            DataError: no such class.
        """
        with self.dataset.editing():
            label = self.lesson.taught(class_id).label
            self._forget(self.lesson.shots_of(class_id), EditKind.DELETE_CLASS, label)
            return label

    def remove_picture(self, shot_id: int) -> None:
        """Forget one picture; a class that loses its last one is forgotten too.

        Raises:
            DataError: no such picture.
        """
        with self.dataset.editing():
            self._forget([self.lesson.shot(shot_id)], EditKind.DELETE)

    def move_picture(self, shot_id: int, class_id: int | None) -> None:
        """Give a picture to another class, or make it unlabelled.

        Raises:
            DataError: no such picture or class.
        """
        with self.dataset.editing():
            shot, label = self.lesson.shot(shot_id), self.lesson.label_of(class_id) or UNLABELLED
            if shot.class_id != class_id:
                lesson = self.lesson.moved(shot_id, class_id)
                edit = Edit(EditKind.RELABEL, 1, to=label)
                if shot.key:
                    edit = replace(self.dataset.plans.relabel([shot.key], label), removes=self._folders([shot]))
                self._taught.commit(
                    self._taught.learnt(lesson)[0] if self.auto_learn and lesson.classes else lesson, edit
                )

    def clear(self) -> None:
        """Forget everything taught, pictures and all; undo brings it back."""
        with self.dataset.editing():
            if self.lesson.shots:
                self._forget(self.lesson.shots, EditKind.CLEAR)

    def load(self, content: bytes) -> Lesson:
        """Begin again from a feature file's bytes; pictures taught before stay in the dataset, untaught.

        Raises:
            DataError: the file is damaged or belongs to another backbone; nothing is changed.
        """
        with self.dataset.editing():
            file = parse(content, self.embedder.dim)
            lesson, added = Lesson(), dict[int, Vector]()
            for index, embedding in enumerate(file.classes):
                label = f"class {index + 1}" if file.labels is None else check_label(file.labels[index])
                new = TaughtClass(self._taught.new_id(), label)
                shot = Shot(self._taught.new_id(), new.id, learnt=True)
                lesson, added[shot.id] = lesson.with_class(new, shot), embedding
            for embedding in file.samples:
                shot = Shot(self._taught.new_id(), None)
                lesson, added[shot.id] = lesson.with_sample(shot), embedding
            self._taught.commit(lesson, Edit(EditKind.LOAD), features=added)
            return lesson

    def set_auto_learn(self, on: bool) -> None:
        """Whether every addition is learnt at once."""
        with self.dataset.editing():
            settings = {"auto_learn": "yes" if on else "no"}
            if on and self.lesson.classes and self.lesson.unlearnt:
                self._taught.commit(self._taught.learnt(self.lesson)[0], Edit(EditKind.LEARN), pending=settings)
            else:
                self._taught.keep(settings)

    def close(self) -> None:
        """Let go of the store."""
        with self.dataset.editing():
            self._taught.close()

    # -- how a change is made ---------------------------------------------------------------------------

    def _untaught(self) -> list[Picture]:
        taught = {shot.hash for shot in self.lesson.shots}
        found = []
        for label in self.dataset.labels():
            free = [one for one in self.dataset.pictures(label, Split.TRAINING) if not one.error]
            found += [one for one in evenly_sampled(free, MOST_EACH) if one.hash not in taught]
        return found

    def _with_picture(self, lesson: Lesson, picture: Picture) -> Lesson:
        found = next((one for one in lesson.classes if one.label == picture.label), None)
        new = found or TaughtClass(self._taught.new_id(), picture.label)
        shot = Shot(self._taught.new_id(), new.id, not found, picture.hash, picture.key)
        return lesson.with_sample(shot) if found else lesson.with_class(new, shot)

    def _add(
        self,
        change: Callable[[Shot], Lesson],
        shot: Shot,
        picture: bytes,
        label: str,
        burst: str,
        source: str,
        time: float | None,
    ) -> None:
        if len(picture) > MAX_PICTURE_BYTES:
            raise ImageError(f"picture of {len(picture):,} bytes: at most {MAX_PICTURE_BYTES:,}; make it smaller first")
        change(shot)  # refused before any work where it cannot be
        newcomer, print_ = look_at(picture, label, None, burst[:40], source, time)
        shot = replace(shot, hash=newcomer.hash)
        self._embed(picture, shot.hash)

        def after(key: str) -> Lesson:
            lesson = change(replace(shot, key=key))
            return self._taught.learnt(lesson)[0] if self.auto_learn else lesson

        taught = {found.key for found in self.lesson.shots}
        there = [key for key in self.dataset.copies(shot.hash, label) if key not in taught]
        if there:  # a picture of the dataset that was not taught yet
            self._taught.commit(after(there[0]), Edit(EditKind.ADD, 1, to=label))
            return
        before, edits = self._taught.version, self.dataset.edits
        self.dataset.bring(picture, newcomer, print_, lesson=lambda key: (before, self._taught.write(after(key))))
        if self.dataset.edits == edits:  # a further part of a burst, whose lesson before is an earlier one
            self._taught.supersede(before)

    def _embed(self, picture: bytes, hash_: str) -> None:
        if self._taught.embeddings.picture(hash_) is not None:
            return
        embedding = self.embedder.embed_pixels(self.embedder.preprocess.pixels(load_image(picture)))
        if not np.isfinite(embedding).all():
            raise DataError("this picture gives features that are not numbers; take another")
        self._taught.embeddings.keep({hash_: embedding})

    def _forget(self, shots: Sequence[Shot], kind: EditKind, label: str = "") -> None:
        edit = self.dataset.plans.delete([shot.key for shot in shots if shot.key])
        edit = replace(edit, kind=kind, count=len(shots), label=label, removes=self._folders(shots))
        self._taught.commit(self.lesson.without(shots), edit)

    def _renaming(self, class_id: int, old: str, new: str) -> Edit:
        """The class's folder gets another name, or its pictures go to the one that has the name."""
        plans, shots = self.dataset.plans, self.lesson.shots_of(class_id)
        if not any(shot.key for shot in shots):
            return Edit(EditKind.RENAME_CLASS, label=old, to=new)
        if new not in self.dataset.labels():
            return plans.rename_label(old, new)
        edit = plans.relabel(self.dataset.keys(old), new)
        return replace(edit, kind=EditKind.RENAME_CLASS, label=old, removes=self._folders(shots))

    def _folders(self, shots: Iterable[Shot]) -> tuple[str, ...]:
        """The folders of shots, for an edit to remove where it leaves them empty."""
        root = self.dataset.root.name
        return tuple(dict.fromkeys(f"{root}/{shot.key.partition('/')[0]}" for shot in shots if shot.key))

    def _free_label(self) -> str:
        taken = {found.label for found in self.lesson.classes} | set(self.dataset.labels())
        return next(name for n in range(1, len(taken) + 2) if (name := f"class {n}") not in taken)

    def _checked_label(self, label: str, but: int | None = None) -> str:
        checked = check_label(label)
        if checked in RESERVED:
            raise DataError(reserved(label))
        own = None if but is None else self.lesson.taught(but).label
        taken = {found.label for found in self.lesson.classes} | set(self.dataset.labels())
        refuse_twin(checked, taken - {own})
        return checked
