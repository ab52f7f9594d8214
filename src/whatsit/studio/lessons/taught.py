"""What is taught now: the version of the lesson that counts, as its pictures lie, fitted."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from whatsit.backbones.cache import Embeddable
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.afterwards import afterwards
from whatsit.datasets.correction import corrections
from whatsit.datasets.damage import set_aside
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.history import KEPT
from whatsit.datasets.label import STRANGERS
from whatsit.datasets.places import FEATURES
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.files import beneath, read_bounded
from whatsit.studio.lessons.embeddings import Embeddings, Vector
from whatsit.studio.lessons.learner import Learner
from whatsit.studio.lessons.lesson import Lesson
from whatsit.studio.lessons.present import followed, placed
from whatsit.studio.lessons.store import LessonStore
from whatsit.teaching.feature_store import MAX_BYTES, sidecar_path

_MOST_STRANGERS = 200
_MOST_CORRECTED = 200


class Taught:
    """Follows the dataset: after every edit, and after whatever was done to the folders in any other way.

    The caller holds ``Dataset.editing`` for everything that changes something.

    Raises:
        DataError: the features come from another backbone and some have no picture to be computed again from.
    """

    def __init__(self, dataset: Dataset, embedder: Embedder, store: LessonStore, embeddings: Embeddings) -> None:
        self.dataset = dataset
        self.embedder = embedder
        self.store = store
        self.embeddings = embeddings
        self.features = FEATURES.below(dataset.root.parent)
        self.lesson = Lesson()
        self._listeners: list[Callable[[], None]] = []
        self._superseded: int | None = None
        self._written = False
        self._closed = False
        self._latest: tuple[object, Learner] | None = None
        self._marked: tuple[str, ...] = ()
        """The contents of the marked strangers that the learner knows."""
        self._corrected: tuple[tuple[str, str], ...] = ()
        """Contents and labels of the corrected pictures that the feature file has, or gets when it is next written."""
        self._new_classes: dict[str, int] = {}
        self._recover()
        dataset.listen(self._follow)

    @property
    def version(self) -> int:
        """The version that counts: what the dataset's latest edit of a lesson left."""
        named = None if self.store.held else self.dataset.lesson
        return self.store.counted() if named is None else named

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change of what is taught."""
        self._listeners.append(listener)

    def tell(self) -> None:
        """Call every listener."""
        for listener in self._listeners:
            listener()

    def new_id(self) -> int:
        """An id for a class or a shot; none is given twice."""
        self._highest_id += 1
        return self._highest_id

    def learnt(self, lesson: Lesson) -> tuple[Lesson, int]:
        """A lesson with everything taken into account, and the rounds that took."""
        if not lesson.unlearnt:
            return lesson, 0
        rounds = self._fitted(lesson.learnt(0)).rounds
        return lesson.learnt(rounds), rounds

    def write(
        self, lesson: Lesson, features: Mapping[int, Vector] | None = None, pending: Mapping[str, str] | None = None
    ) -> int:
        """Keep a version and return its id; it counts once an edit names it.

        Args:
            lesson: what is taught in it.
            features: of its new shots without a picture.
            pending: settings that come into force when it counts.

        Raises:
            DataError: the disk is full or read-only; nothing is changed.
        """
        return self.store.add(
            lesson,
            before=self.version,
            edits=self.dataset.edits,
            features=features,
            embedder=self.embedder.id,
            pending=pending,
            highest_id=self._highest_id,
            drop=self._superseded,
        )

    def commit(
        self,
        lesson: Lesson,
        edit: Edit,
        features: Mapping[int, Vector] | None = None,
        pending: Mapping[str, str] | None = None,
    ) -> None:
        """Make ``lesson`` what is taught, by an edit of the dataset.

        Args:
            lesson: what is taught afterwards, its keys as they are before the edit.
            edit: what happens to the pictures; it may be nothing.
            features: of new shots without a picture.
            pending: settings that come into force with it.

        Raises:
            DataError: the disk is full or read-only, or a picture cannot be moved; nothing is changed.
        """
        before = self.version
        self.embeddings.put_features(features or {})
        self.dataset.perform(replace(edit, lesson=(before, self.write(lesson, features, pending))))

    def keep(self, settings: Mapping[str, str]) -> None:
        """Keep settings of the lesson, which are no edit.

        Raises:
            DataError: the disk is full or read-only; nothing is changed.
        """
        self.store.keep(settings)
        self._read_settings()
        self.tell()

    def supersede(self, version: int) -> None:
        """No edit refers to this version any more: the next one that is written drops it."""
        self._superseded = version

    def feature_file(self) -> bytes:
        """The bytes of ``my_classes.bin``.

        Raises:
            DataError: nothing is taught yet, or the file cannot be written.
        """
        if not self.lesson.classes:
            raise DataError("nothing is taught yet; add a class first")
        self._write_features()
        return read_bounded(self.features, MAX_BYTES, "a feature file")

    def _recover(self) -> None:
        if self.store.began_anew and self.features.exists():
            set_aside(self.features, "its lesson is lost", "and can be loaded on the Teach page")
        edits = self.dataset.edits_since(0) if self.version > self.store.newest() else []
        self.store.start_after(max((max(edit.lesson) for edit in edits if edit.lesson), default=0))
        self._highest_id = self.store.highest_id()
        afterwards(lambda: self.store.settle(self.version))  # starting needs no space
        afterwards(lambda: self.store.remember(self.version))
        afterwards(self.store.sweep)
        self._read_settings()
        features = self.store.features()
        lesson, _ = self.store.lesson(self.version)
        others = [features[shot.id][0] for shot in lesson.shots if not shot.hash and shot.id in features]
        lost = [embedder for embedder in others if embedder != self.embedder.id]
        if lost:
            raise DataError(
                f"{self.features.parent}: {len(lost)} taught features have no picture and come from {lost[0]}, "
                f"which {self.embedder.id} cannot read; open it with the first, or clear it"
            )
        mine = {shot: vector for shot, (embedder, vector) in features.items() if embedder == self.embedder.id}
        self.embeddings.put_features(mine)
        self.lesson = self._present()
        self._publish()
        afterwards(self._renew)

    def close(self) -> None:
        """Follow no more and let go of the store. Closing twice is allowed."""
        if not self._closed:
            self._closed = True
            self.dataset.unlisten(self._follow)
            with contextlib.suppress(DataError):
                self._write_features()
            with contextlib.suppress(DataError):
                self.store.remember(self.version)
            self.store.close()

    def _follow(self) -> None:
        with contextlib.suppress(DataError):  # the edit has happened; the next opening or edit tries again
            self.store.settle(self.version)
        self._read_settings()
        lesson = self._present()
        if lesson != self.lesson:
            self.lesson = lesson
            self._publish()
        elif _contents(self._strangers()) != self._marked:
            # The features are written at the next event, or when they are asked for: this must be quick.
            self._learn()
            self.tell()
        elif (corrected := _named(self._find_corrected())) != self._corrected:
            self._corrected, self._written = corrected, False  # later, too
        elif not self._written and not corrected:  # with them all is fitted once more
            with contextlib.suppress(DataError):
                self._write_features()
        afterwards(self._renew)

    def _renew(self) -> None:
        """Write an old lesson as it stands now: the edits it is followed by need not be kept for it any more."""
        if self.store.held or self.dataset.edits - self.store.lesson(self.version)[1] <= KEPT:
            return
        version = self.write(self.lesson)
        self.dataset.record(Edit(EditKind.LEARN, lesson=(version, version)))

    def _read_settings(self) -> None:
        self.auto_learn = self.store.setting("auto_learn") != "no"

    def _present(self) -> Lesson:
        lesson, edits = self.store.lesson(self.version)
        if lesson.shots:
            lesson = followed(lesson, self.dataset.edits_since(edits))
        hashes = (shot.hash for shot in lesson.shots if shot.hash)
        files = self.dataset.whereabouts(hashes, (shot.key for shot in lesson.shots if shot.key))
        return self.embeddings.known(placed(lesson, files, self._new_class))

    def _new_class(self, label: str) -> int:
        """The id of a class that only the folders know: the same as long as that is so."""
        known = self._new_classes.get(label)
        if known is None or any(found.id == known and found.label != label for found in self.lesson.classes):
            self._new_classes[label] = known = self.new_id()
        return known

    def _fitted(self, lesson: Lesson) -> Learner:
        """A lesson fitted; the same again where nothing that matters for that has changed."""
        key = lesson.classes, tuple(replace(shot, key="") for shot in lesson.shots)
        if self._latest is None or self._latest[0] != key:
            self._latest = key, Learner(lesson, self.embeddings.of(lesson), self.embedder)
        return self._latest[1]

    def _strangers(self) -> tuple[Embeddable, ...]:
        """The marked strangers of the training split; of very many the latest, as their names begin with the time."""
        if not self.lesson.classes:
            return ()
        found = [one for one in self.dataset.pictures(STRANGERS, Split.TRAINING) if not one.error]
        return tuple(Embeddable(one.hash, one.path) for one in found[-_MOST_STRANGERS:])

    def _find_corrected(self) -> tuple[tuple[Embeddable, str], ...]:
        """The latest corrected pictures of the training split: those of the lesson's classes that are not in it."""
        labels = {found.label for found in self.lesson.classes}
        taught = {shot.hash for shot in self.lesson.shots}
        found = [
            (Embeddable(one.hash, self.dataset.root / one.key), one.label)
            for one in corrections(self.dataset)
            if one.label in labels and one.split is Split.TRAINING and one.hash not in taught
        ]
        return tuple((picture, str(label)) for picture, label in found[-_MOST_CORRECTED:])

    def _learn(self) -> None:
        strangers = self._strangers()
        self._marked = _contents(strangers)
        vectors = [*self.embeddings.of_pictures(strangers).values()]
        learner = self._fitted(self.lesson)
        self.learner = learner.marked(np.stack(vectors)) if vectors else learner
        self._written = False

    def _publish(self) -> None:
        self._learn()
        # Made from what is on disk already: where it cannot be written now, the next change tries again.
        with contextlib.suppress(DataError):
            self._write_features()
        self.tell()

    def _write_features(self) -> None:
        if self._written:
            return
        corrected = self._find_corrected()
        if self.lesson.classes:
            vectors = self.embeddings.of_pictures([picture for picture, _ in corrected])
            more = [(vectors[one.hash], label) for one, label in corrected if one.hash in vectors]
            self.learner.save(self.features, more)
        else:
            for path in (self.features, sidecar_path(self.features)):
                _remove(path)
        self._corrected = _named(corrected)
        self._written = True


def _named(pictures: Iterable[tuple[Embeddable, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((one.hash, label) for one, label in pictures)


def _contents(pictures: Iterable[Embeddable]) -> tuple[str, ...]:
    return tuple(one.hash for one in pictures)


def _remove(path: Path) -> None:
    try:
        beneath.unlink(path, missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot remove {path}: {error.strerror}") from error
