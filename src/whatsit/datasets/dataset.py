"""The project's pictures: plain files in plain folders, what is known of them, and every edit."""

import shutil
import time as clock
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from whatsit.datasets.catalogue import Catalogue, Picture, PictureLike, Sample, counted
from whatsit.datasets.history import Edit, EditHistory
from whatsit.datasets.index import Index
from whatsit.datasets.label import (
    SPLITS_FILE,
    UNLABELLED,
    check_label,
    folder_name,
    refuse_twin,
    safe_file_name,
)
from whatsit.datasets.lock import ProjectLock
from whatsit.datasets.near_copy import NearCopies
from whatsit.datasets.placement import Newcomer, look_at, place
from whatsit.datasets.scan import Changes, scan
from whatsit.datasets.split import DecidedBy, Split, SplitRatios, split_of
from whatsit.datasets.splits_csv import SplitRecord, SplitRecords, size_of
from whatsit.errors import DataError
from whatsit.files import write_file
from whatsit.imaging.image import picture_header
from whatsit.parallel import Progress
from whatsit.validation import first_few


class Dataset(Catalogue):
    """``dataset/<label>/*.jpg`` and what is remembered beside it. Iterating gives (path, label, split).

    The files are the truth: whatever is added, moved or deleted there by other means is noticed by
    ``refresh``, which opening the project and every iteration call. Unreadable files and those in
    ``_unlabelled`` are not iterated; ``pictures`` lists them.
    """

    def __init__(self, project: Path, ratios: Callable[[], SplitRatios], lock: ProjectLock) -> None:
        self._project = project
        self._ratios = ratios
        self._lock = lock
        state = project / ".whatsit"
        self.embeddings_folder = state / "embeddings"
        self.maps_folder = state / "maps"
        super().__init__(project / "dataset", Index(state / "index.db"))
        self.records = SplitRecords(self.root / SPLITS_FILE)
        self.near_copies = NearCopies(self.index)
        self._history = EditHistory(state / "history", project, self.records)
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
    def batch(self) -> Iterator[None]:
        """Many additions with one commit of the index, other threads waiting."""
        # The lock before the transaction, here as everywhere: the other order could wait for ever.
        with self._editing(), self.index.transaction():
            yield

    # ---- adding

    def add_label(self, label: str) -> None:
        """Make an empty class; nothing happens where it is there already.

        Raises:
            DataError: a label that cannot be used (see ``label.check_label``) or a twin of one that is there.
        """
        with self._editing():
            self.folder_for(label).mkdir(parents=True, exist_ok=True)

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
            content: a JPEG, PNG or WebP file.
            label: its class.
            name: the file name wished for; made safe, and made different where it is taken.
            source: where it came from, for people.
            burst: pictures taken in one go share this word and stay on one side of the split.
            time: seconds since 1970, UTC; now where not given.
            split: decided by the caller; else by ``split``'s rule.

        Raises:
            ImageError: not a picture that can be read.
            DataError: the label cannot be used, the project is in use elsewhere, or the disk is full; nothing
                is kept then.
        """
        newcomer, print_ = look_at(content, label, split, burst, source, time)
        digest = newcomer.hash
        with self._editing():
            self.folder_for(label)
            same = self.index.rows("SELECT key FROM files WHERE hash = ? AND label = ? ORDER BY key", (digest, label))
            for (key,) in same:
                if (self.root / key).exists():
                    return self.picture(key)
            # One commit: should it be lost, the file that is there by then is found by the next refresh.
            with self.index.transaction():
                self.index.put_fingerprints([(digest, print_)])
                self.remember([newcomer])
                if not name:
                    name = clock.strftime("%Y%m%d-%H%M%S", clock.localtime(newcomer.time)) + f"-{digest[:8]}"
                return self.store(content, digest, label, name)

    def expect(
        self, content: bytes, label: str = UNLABELLED, *, burst: str = "", source: str = "", time: float | None = None
    ) -> None:
        """Remember what is known of a picture whose file another part of the program will put into the folders.

        Args and errors: as ``add``; one that never comes costs a line of the record.
        """
        newcomer, print_ = look_at(content, label, None, burst, source, time)
        with self._editing(), self.index.transaction():
            self.index.put_fingerprints([(newcomer.hash, print_)])
            self.remember([newcomer])

    def remember(self, newcomers: Sequence[Newcomer]) -> None:
        """Decide and record the splits of new pictures, before their files are written.

        In this order a crash between the two leaves a line too many in the record, never a picture whose
        source's split is forgotten.
        """
        with self._editing():
            records = place(newcomers, self.index, self.near_copies, self._ratios())
            self._append(records)

    def store(self, content: bytes, digest: str, label: str, name: str) -> Picture:
        """Write a picture that has a record and a fingerprint under a free name, and index it.

        Raises:
            DataError: the disk is full, or the label cannot be used; nothing is kept then.
        """
        with self._editing():
            folder = self.folder_for(label)
            folder.mkdir(parents=True, exist_ok=True)
            path = self.free_path(folder, safe_file_name(name, picture_header(content).suffix), digest)
            write_file(path, content)
            status = path.stat()
            key = f"{folder.name}/{path.name}"
            self.index.put_files([(key, label, digest, status.st_size, status.st_mtime_ns)])
            return self.picture(key)

    # ---- edits, each of which can be undone

    def relabel(self, pictures: Iterable[PictureLike], label: str) -> None:
        """Move pictures to another class.

        Raises:
            DataError: a label that cannot be used, or a picture that is not there; nothing is moved then.
        """
        with self._editing():
            folder = self.folder_for(label)
            chosen = [p for p in self._chosen(pictures) if p.label != label]
            if not chosen:
                return
            makes = () if folder.is_dir() else (self._relative(folder),)
            taken: set[str] = set()
            moves = []
            for picture in chosen:
                target = self.free_path(folder, picture.path.name, picture.hash, taken)
                taken.add(target.name.casefold())
                moves.append((self._relative(picture.path), self._relative(target)))
            before, after = self._placed_anew([p for p in chosen if p.label == UNLABELLED], label)
            self._perform(Edit(f"relabel {counted(len(moves))} to {label!r}", tuple(moves), before, after, makes))

    def set_split(self, pictures: Iterable[PictureLike], split: Split | str) -> None:
        """Move pictures to a split, or keep them there; remembered as decided by hand, for all files of the same bytes.

        Raises:
            DataError: no such split, or a picture that is not there; nothing is moved then.
        """
        wanted = split_of(split)
        with self._editing():
            chosen = {p.hash: p for p in self._chosen(pictures) if (p.split, p.decided_by) != (wanted, DecidedBy.HAND)}
            before = tuple(p.record for p in chosen.values())
            after = tuple(SplitRecord(r.hash, wanted, DecidedBy.HAND, r.burst, r.source, r.time) for r in before)
            if before:
                self._perform(Edit(f"move {counted(len(before))} to {wanted.value}", (), before, after))

    def delete(self, pictures: Iterable[PictureLike]) -> None:
        """Move pictures to the trash, ``.whatsit/trash``, from where ``undo`` brings them back.

        Raises:
            DataError: a picture that is not there; nothing is deleted then.
        """
        with self._editing():
            chosen = self._chosen(pictures)
            trash = f".whatsit/trash/{clock.time_ns()}"
            moves = tuple((self._relative(p.path), f"{trash}/{p.key}") for p in chosen)
            if moves:
                self._perform(Edit(f"delete {counted(len(moves))}", moves))

    def delete_label(self, label: str) -> None:
        """Move a class with all its pictures to the trash.

        Raises:
            DataError: there is no such class.
        """
        with self._editing():
            trash = f".whatsit/trash/{clock.time_ns()}"
            folders = [folder for other, folder in self.folders() if other == label]
            if not folders:
                raise DataError(f"label {label!r}: no such class; see  whatsit dataset stats")
            moves = tuple((self._relative(folder), f"{trash}/{folder.name}") for folder in folders)
            self._perform(Edit(f"delete the class {label!r}", moves))

    def rename_label(self, old: str, new: str) -> None:
        """Give a class another name.

        Raises:
            DataError: there is no class ``old``, ``new`` is there already or cannot be used.
        """
        with self._editing():
            if UNLABELLED in (old, new):
                raise DataError(f"label {UNLABELLED!r}: reserved for pictures without a label; relabel them instead")
            folders = [folder for label, folder in self.folders() if label == old]
            if not folders:
                raise DataError(f"label {old!r}: no such class; see  whatsit dataset stats")
            others = {label for label, _ in self.folders()} - {old}
            if new in others:
                raise DataError(f"label {new!r}: is there already; relabel the pictures to join the two")
            refuse_twin(check_label(new), others)
            if new != old:
                move = (self._relative(folders[0]), self._relative(self.root / folder_name(new)))
                self._perform(Edit(f"rename {old!r} to {new!r}", (move,)))

    def resplit(self) -> None:
        """Decide every split again by the present ratios, except what sources and people decided."""
        with self._editing():
            before, after = self._placed_anew(self.pictures())
            if before:
                self._perform(Edit(f"split {counted(len(before))} again", (), before, after))

    def would_fill(self) -> set[tuple[str, Split]]:
        """The classes that ``resplit`` would give pictures, and the splits it would put them into."""
        pictures = {p.hash: p for p in self.pictures()}
        return {(pictures[r.hash].label, r.split) for r in self._placed_anew([*pictures.values()])[1]}

    def undo(self) -> str:
        """Take the latest edit back, and the one before it the next time.

        A file whose old place is taken by now comes back under a name beside it; one that is gone stays so.

        Returns:
            What was taken back and which files are gone, for a person; nothing where there is nothing to take back.

        Raises:
            DataError: the disk is full or read-only; nothing is changed then.
        """
        with self._editing():
            undoing = self._history.undoing()
            if undoing is None:
                return ""
            edit, gone = undoing
            self._perform(edit)
            what = edit.what.removeprefix("undo: ")
            return f"{what} (not to be had any more: {first_few(gone, 1)})" if gone else what

    def undoable(self) -> str:
        """What ``undo`` would take back, for a person; nothing where there is nothing."""
        latest = self._history.undoable()
        return latest[1].what if latest else ""

    def empty_trash(self) -> int:
        """Delete for good what was deleted, to free its space; edits made before cannot be undone any more.

        Returns:
            How many pictures were in the trash.
        """
        with self._editing():
            state = self._project / ".whatsit"
            count = sum(path.is_file() for path in (state / "trash").rglob("*"))
            # The history first: an edit that names a picture which is gone must not be offered for undoing.
            for folder in (state / "history", state / "trash"):
                shutil.rmtree(folder, ignore_errors=True)
            return count

    # ---- keeping up with the files

    def refresh(self, progress: Progress | None = None) -> Changes:
        """Notice files that were added, changed, moved or deleted by other means.

        While another process has the project this changes nothing: that one keeps the index.
        """
        if self._lock.is_elsewhere():
            return Changes()
        with self._editing():
            self._history.finish_interrupted()
            return self._reindex(progress)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Build the index anew from the pictures and ``splits.csv``; the splits come out the same."""
        with self._editing():
            self.index.clear()
            self._load_records()
            self.records.replace(self.index.records())
            self.index.put_setting("records", self.records.stamp())
            self.refresh(progress)

    # ---- the rest is private

    @contextmanager
    def _editing(self) -> Iterator[None]:
        with self._lock.held():
            yield

    def _perform(self, edit: Edit) -> None:
        self._history.perform(edit)
        self._reindex()

    def _reindex(self, progress: Progress | None = None) -> Changes:
        try:
            self._load_records()
            changes = scan(self.root, self.index, progress)
        except DataError:
            if not self.index.on_disk:
                raise
            self.index.leave_disk()
            self._load_records()
            changes = scan(self.root, self.index, progress)
        self._place_strangers()
        return changes

    def _append(self, records: Sequence[SplitRecord]) -> None:
        if records:
            self._load_records()
            self.records.append(records)
            self.index.put_records(records, self.records.stamp())

    def _load_records(self) -> None:
        stamp, known = self.records.stamp(), self.index.setting("records")
        if stamp == known:
            return
        latest = {record.hash: record for record in self.records.read()}
        # The file was cut or garbled: a decision is only given up for another one.
        before = self.index.records(of_files=True)
        lost = [record for record in before if record.is_lost_in(latest, cut=size_of(stamp) < size_of(known))]
        self.index.put_records([*latest.values(), *lost], stamp, all_of_them=True)
        if lost:
            with suppress(DataError):
                self.records.append(lost)
                self.index.put_setting("records", self.records.stamp())

    def _place_strangers(self) -> None:
        rows = self.index.rows(
            "SELECT hash, label, mtime_ns FROM files WHERE hash NOT IN (SELECT hash FROM records) ORDER BY label, key"
        )
        strangers = [Newcomer(hash_, label, time=mtime / 1e9) for hash_, label, mtime in rows]
        if strangers:
            self._append(place(strangers, self.index, self.near_copies, self._ratios()))

    def _placed_anew(
        self, pictures: Sequence[Picture], label: str | None = None
    ) -> tuple[tuple[SplitRecord, ...], tuple[SplitRecord, ...]]:
        free = [p for p in pictures if p.decided_by is DecidedBy.CONTENT]
        newcomers = [Newcomer(p.hash, label or p.label, None, p.burst, p.source, p.time) for p in free]
        after = {r.hash: r for r in place(newcomers, self.index, self.near_copies, self._ratios(), anew=True)}
        changed = {p.hash: p for p in free if after[p.hash].split != p.split}
        return tuple(p.record for p in changed.values()), tuple(after[hash_] for hash_ in changed)

    def _chosen(self, pictures: Iterable[PictureLike]) -> list[Picture]:
        keys = dict.fromkeys(p.key if isinstance(p, Picture) else p for p in pictures)
        return [self.picture(key) for key in keys]

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._project).as_posix()
