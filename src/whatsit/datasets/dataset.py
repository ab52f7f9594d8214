"""The project's pictures: plain files in plain folders, what is known of them, and every edit."""

import time as clock
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from whatsit.datasets.afterwards import afterwards
from whatsit.datasets.arrival import Arrival
from whatsit.datasets.catalogue import Catalogue, Picture, PictureLike, Sample
from whatsit.datasets.edit import Edit, Undone
from whatsit.datasets.fingerprint import Fingerprint
from whatsit.datasets.gathering import Gathering
from whatsit.datasets.history import EditHistory
from whatsit.datasets.index import Index
from whatsit.datasets.label import SPLITS_FILE, UNLABELLED, refuse_twin, safe_file_name
from whatsit.datasets.lock import ProjectLock
from whatsit.datasets.mirror import Mirror
from whatsit.datasets.near_copy import NearCopies
from whatsit.datasets.placement import Newcomer, look_at, place
from whatsit.datasets.places import DATASET, EMBEDDINGS, INDEX, MAPS, RESERVE, TRASH, remove_leftovers
from whatsit.datasets.plans import Plans
from whatsit.datasets.reserve import Reserve
from whatsit.datasets.scan import Changes
from whatsit.datasets.split import Split, SplitRatios
from whatsit.datasets.splits_csv import SplitRecords
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.imaging.image import picture_header
from whatsit.parallel import Progress


class Dataset(Catalogue):
    """``dataset/<label>/*.jpg`` and what is remembered beside it. Iterating gives (path, label, split).

    The files are the truth: whatever is added, moved or deleted there by other means is noticed by
    ``refresh``, which opening the project and every iteration call. Unreadable files and those in
    ``_unlabelled`` and ``_strangers`` are not iterated; ``pictures`` lists them.
    """

    def __init__(self, project: Path, ratios: Callable[[], SplitRatios], lock: ProjectLock) -> None:
        self._project = project
        self._ratios = ratios
        self._lock = lock
        self._listeners: list[Callable[[], None]] = []
        self._depth = 0
        self._changed = False
        self._gathering = Gathering()
        self.reserve = Reserve(RESERVE.below(project))
        self.embeddings_folder = EMBEDDINGS.below(project)
        self.maps_folder = MAPS.below(project)
        super().__init__(DATASET.below(project), Index(INDEX.below(project)))
        self.records = SplitRecords(self.root / SPLITS_FILE)
        self.near_copies = NearCopies(self.index)
        self._mirror = Mirror(self.root, self.index, self.records, self.near_copies, ratios)
        self.plans = Plans(self, self.near_copies, ratios)
        self._history = EditHistory(project, self.records)
        if not self._lock.is_elsewhere():
            with self.editing():
                remove_leftovers(project)
                self.reserve.keep()
        self.refresh()

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def __iter__(self) -> Iterator[Sample]:
        self.refresh()
        return iter(self.samples())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing during long work; other threads of this one may write meanwhile.

        Raises:
            DataError: another process has the project; its number is named.
        """
        self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def editing(self) -> Iterator[None]:
        """One thread and one process at a time; several edits within are seen by the others all at once.

        Raises:
            DataError: another process has the project; its number is named.
        """
        with self._lock.held():
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._changed and not self._depth:
                    self._changed = False
                    for listener in self._listeners:
                        afterwards(listener)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change, in the thread that made it, while nobody else can edit."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` no more; harmless where it never listened."""
        self._listeners = [known for known in self._listeners if known != listener]

    def gathered(self) -> AbstractContextManager[None]:
        """All that this thread brings by ``bring_all`` within is one edit; one within another is part of that.

        A process that is killed within leaves what arrived, as an edit that can be undone.
        """
        return self._gathering.together()

    # ---- adding

    def check_new_label(self, label: str, beside: Iterable[str] = ()) -> None:
        """Raise where ``label`` could not be used, in a dataset that also had the labels ``beside``.

        Raises:
            DataError: as ``add_label``.
        """
        self.folder_for(label)
        refuse_twin(label, beside)

    def add(
        self,
        content: bytes,
        label: str = UNLABELLED,
        *,
        name: str = "",
        source: str = "",
        burst: str = "",
        time: float | None = None,
        split: Split | str | None = None,
    ) -> Picture:
        """Keep one encoded picture, byte for byte; the same bytes in the same class are kept once.

        Args:
            content: a picture file of one of ``imaging.picture_format.FORMATS``.
            label: its class.
            name: the file name wished for; made safe, and made different where it is taken.
            source: where it came from, for people.
            burst: pictures taken in one go share this word, stay on one side of the split and are undone together.
            time: seconds since 1970, UTC; now where not given.
            split: decided by the caller; else by ``split``'s rule.

        Raises:
            ImageError: not a picture that can be read.
            DataError: the label cannot be used, the project is in use elsewhere, or the disk is full; nothing
                is kept then.
        """
        newcomer, print_ = look_at(content, label, split, burst, source, time)
        with self.editing():
            self.folder_for(label)
            for key in self.copies(newcomer.hash, label):
                if (self.root / key).exists():
                    return self.picture(key)
            return self.bring(content, newcomer, print_, name)

    def bring(
        self,
        content: bytes,
        newcomer: Newcomer,
        print_: Fingerprint,
        name: str = "",
        lesson: Callable[[str], tuple[int, int]] | None = None,
    ) -> Picture:
        """Add a picture that ``look_at`` saw, even beside a copy of it.

        Args:
            content: the file.
            newcomer: what is known of it.
            print_: its fingerprint.
            name: as for ``add``.
            lesson: called with the key it will have; gives the ids of the lesson before and after, for the edit.

        Raises:
            DataError: as ``add``; nothing is kept then.
        """
        digest, done = newcomer.hash, False
        with self.editing():
            if not name:
                name = clock.strftime("%Y%m%d-%H%M%S", clock.localtime(newcomer.time)) + f"-{digest[:8]}"
            edit, key = self.plans.add(newcomer, safe_file_name(name, picture_header(content).suffix))
            try:
                # One commit: should it be lost, the file that is there by then is found by the next refresh.
                with self.index.transaction():
                    self._mirror.load_records()
                    self.index.put_fingerprints([(digest, print_)])
                    records = tuple(place([newcomer], self.index, self.near_copies, self._ratios()))
                    edit = replace(edit, after=records, burst=newcomer.burst, lesson=lesson and lesson(key))
                    self._history.perform(replace(edit, time=clock.time()), {edit.moves[0][0]: content})
                    done = self._changed = True
                    self._mirror.put_records(records)
                    self._mirror.put_file(key, newcomer.label, digest)
            except DataError:
                if not done:
                    raise
                afterwards(self._mirror.refresh)
            return self.picture(key)

    def remember(self, newcomers: Sequence[Newcomer]) -> None:
        """Decide and record the splits of new pictures, before their files are written.

        In this order a crash between the two leaves a line too many in the record, never a picture whose
        source's split is forgotten.
        """
        with self.editing():
            self._mirror.remember(newcomers)

    def bring_all(self, arrivals: Sequence[Arrival]) -> None:
        """Add pictures that have a record and a fingerprint, under free names: all of them or none.

        Raises:
            DataError: the disk is full, or a label cannot be used; nothing is kept then.
        """
        with self.gathered(), self.editing():
            edit = replace(self.plans.add_all(arrivals), burst=self._gathering.burst, time=clock.time())
            contents = {origin: one.content for (origin, _), one in zip(edit.moves, arrivals, strict=True)}
            self._history.perform(edit, contents)
            self._changed = True
            keys = [to.partition("/")[2] for _, to in edit.moves]
            files = [(key, one.label, one.hash) for key, one in zip(keys, arrivals, strict=True)]
            afterwards(lambda: self._mirror.put_new_files(files))

    # ---- edits, each of which can be undone

    def add_label(self, label: str) -> None:
        """Make an empty class; nothing happens where it is there already.

        Raises:
            DataError: a label that cannot be used (see ``label.check_label``) or a twin of one that is there.
        """
        with self.editing():
            self.perform(self.plans.add_label(label))

    def relabel(self, pictures: Iterable[PictureLike], label: str) -> None:
        """Move pictures to another class.

        Raises:
            DataError: a label that cannot be used, or a picture that is not there; nothing is moved then.
        """
        with self.editing():
            self.perform(self.plans.relabel(pictures, label))

    def set_split(self, pictures: Iterable[PictureLike], split: Split | str) -> None:
        """Move pictures to a split, or keep them there; remembered as decided by hand, for all files of the same bytes.

        Raises:
            DataError: no such split, or a picture that is not there; nothing is moved then.
        """
        with self.editing():
            self.perform(self.plans.set_split(pictures, split))

    def delete(self, pictures: Iterable[PictureLike]) -> None:
        """Move pictures to the trash, ``.whatsit/trash``, from where ``undo`` brings them back.

        Raises:
            DataError: a picture that is not there; nothing is deleted then.
        """
        with self.editing():
            self.perform(self.plans.delete(pictures))

    def delete_label(self, label: str) -> None:
        """Move a class with all its pictures to the trash.

        Raises:
            DataError: there is no such class.
        """
        with self.editing():
            self.perform(self.plans.delete_label(label))

    def rename_label(self, old: str, new: str) -> None:
        """Give a class another name.

        Raises:
            DataError: there is no class ``old``, ``new`` is there already or cannot be used.
        """
        with self.editing():
            self.perform(self.plans.rename_label(old, new))

    def resplit(self) -> None:
        """Decide every split again by the present ratios, except what sources and people decided."""
        with self.editing():
            self.perform(self.plans.resplit())

    def would_fill(self) -> set[tuple[str, Split]]:
        """The classes that ``resplit`` would give pictures, and the splits it would put them into."""
        labels = {picture.hash: picture.label for picture in self.pictures()}
        return {(labels[record.hash], record.split) for record in self.plans.resplit().after}

    def perform(self, edit: Edit) -> None:
        """Do an edit of ``plans``; nothing where it changes nothing.

        Raises:
            DataError: it is not possible any more, or the disk is full; nothing is changed then.
        """
        if edit.is_nothing:
            return
        with self.editing():
            timed = replace(edit, time=edit.time or clock.time())
            with self._mirror.following(timed.after):
                self.reserve.spend(lambda: self._history.perform(timed))
            self._changed = True
            if edit.moves or edit.before or edit.after or edit.makes or edit.removes:
                afterwards(self._mirror.refresh)

    def undo(self) -> Undone | None:
        """Undo the latest edit, and the one before it the next time.

        A file whose old place is taken by now comes back under a name beside it; one that is gone stays so.

        Returns:
            What was undone; None where there is nothing to undo.

        Raises:
            DataError: the disk is full or read-only; nothing is changed then.
        """
        with self.editing():
            undoing = self._history.undoing()
            if undoing is None:
                return None
            edit, gone = undoing
            with self._mirror.following(edit.after):
                self.reserve.spend(lambda: self._history.perform(edit))
            self._changed = True
            afterwards(self._mirror.refresh)
            return Undone(edit, gone)

    def undoable(self) -> Edit | None:
        """What ``undo`` would undo; None where there is nothing."""
        latest = self._history.undoable()
        return latest[1] if latest else None

    def record(self, edit: Edit) -> int:
        """Write down an edit that has happened already; returns its number.

        Raises:
            DataError: the disk is full or read-only.
        """
        with self.editing():
            self._changed = True
            return self._history.record(edit)

    def edits_since(self, number: int) -> list[Edit]:
        """The edits after the one with this number, oldest first; undoing is an edit too."""
        return list(self._history.since(number))

    @property
    def edits(self) -> int:
        """The number of the latest edit; 0 where there is none."""
        return self._history.newest()

    @property
    def lesson(self) -> int | None:
        """The version of the lesson that the latest edit of one left; None where no edit names one."""
        return self._history.lesson()

    def empty_trash(self) -> int:
        """Delete for good what was deleted, to free its space; edits made before cannot be undone any more.

        Returns:
            How many pictures were in the trash.
        """
        with self.editing():
            trash = TRASH.below(self._project)
            count = sum(path.is_file() for path in trash.rglob("*"))
            # The history first: an edit that names a picture which is gone must not be offered for undoing.
            self.reserve.spend(self._history.forget)
            beneath.remove_tree(trash)
            self.reserve.keep()
            self._changed = True
            return count

    # ---- keeping up with the files

    def refresh(self, progress: Progress | None = None) -> Changes:
        """Notice files that were added, changed, moved or deleted by other means.

        While another process has the project this changes nothing: that one keeps the index.
        """
        if self._lock.is_elsewhere():
            return Changes()
        with self.editing():
            self._history.finish_interrupted()
            self._history.prune()
            changes = self._mirror.refresh(progress)
            self._changed = self._changed or bool(changes)
            return changes

    def rebuild(self, progress: Progress | None = None) -> None:
        """Rebuild the index from the pictures and ``splits.csv``; the splits come out the same."""
        with self.editing():
            self._changed = True
            self._mirror.rebuild(progress)
