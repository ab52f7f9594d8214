"""The index as a mirror of the folders and of the record of splits."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from whatsit.datasets.afterwards import afterwards
from whatsit.datasets.index import Index
from whatsit.datasets.near_copy import NearCopies
from whatsit.datasets.placement import Newcomer, place
from whatsit.datasets.scan import Changes, scan
from whatsit.datasets.split import SplitRatios
from whatsit.datasets.splits_csv import SplitRecord, SplitRecords, size_of
from whatsit.errors import DataError
from whatsit.parallel import Progress
from whatsit.text import printable

_log = logging.getLogger(__name__)
_LEAST_SHORTENED = 2**16
"""Bytes of a record of splits that is worth writing again."""


class Mirror:
    """Brings an index up to what lies in the folders; the caller has the project to itself."""

    def __init__(
        self, root: Path, index: Index, records: SplitRecords, near: NearCopies, ratios: Callable[[], SplitRatios]
    ) -> None:
        self._root = root
        self._index = index
        self._records = records
        self._near = near
        self._ratios = ratios
        self._left_alone: tuple[str, ...] = ()
        self._shortened = False

    def refresh(self, progress: Progress | None = None) -> Changes:
        """Find out what is in the folders and the record now; pictures nobody decided about get a split."""
        try:
            self._shorten_records()
            self.load_records()
            changes = scan(self._root, self._index, progress)
        except DataError:
            if not self._index.on_disk:
                raise
            self._index.leave_disk()
            self.load_records()
            changes = scan(self._root, self._index, progress)
        self._place_strangers()
        if changes.left_alone != self._left_alone:
            self._left_alone = changes.left_alone
            for what in changes.left_alone:
                _log.warning("%s/%s; it is not used", self._root, printable(what))
        return changes

    def rebuild(self, progress: Progress | None = None) -> None:
        """Forget the index and make it again; the splits come out the same."""
        self._index.clear()
        self.load_records()
        self._records.replace(self._index.records())
        self._index.put_setting("records", self._records.stamp())
        self.refresh(progress)

    def remember(self, newcomers: Sequence[Newcomer]) -> None:
        """Decide the splits of new pictures and append them to the record."""
        records = place(newcomers, self._index, self._near, self._ratios())
        if records:
            self.load_records()
            self._records.append(records)
            self.put_records(records)

    def put_file(self, key: str, label: str, digest: str) -> None:
        """Take a file in without looking at all the others."""
        status = (self._root / key).stat()
        self._index.put_files([(key, label, digest, status.st_size, status.st_mtime_ns)])

    def put_new_files(self, files: Sequence[tuple[str, str, str]]) -> None:
        """Take in files, each as (key, label, SHA-256), without looking at all the others."""
        rows = []
        for key, label, digest in files:
            status = (self._root / key).stat()
            rows.append((key, label, digest, status.st_size, status.st_mtime_ns))
        try:
            self._index.put_files(rows)
        except DataError:
            self.refresh()

    def put_records(self, records: Sequence[SplitRecord]) -> None:
        """Take in records that were just appended to the file."""
        if records:
            self._index.put_records(self._records.read_back(records), self._records.stamp())

    @contextmanager
    def following(self, records: Sequence[SplitRecord]) -> Iterator[None]:
        """While these are appended to the record of splits: the file need not be read again for them."""
        known = self._records.stamp() == self._index.setting("records")
        yield
        if known:
            afterwards(lambda: self.put_records(records))

    def load_records(self) -> None:
        """Take in the record of splits where its file is another than the last time."""
        stamp, known = self._records.stamp(), self._index.setting("records")
        if stamp == known:
            return
        latest = {record.hash: record for record in self._records.read()}
        # The file was cut or garbled: a decision is only given up for another one.
        before = self._index.records(of_files=True)
        lost = [record for record in before if record.is_lost_in(latest, cut=size_of(stamp) < size_of(known))]
        self._index.put_records([*latest.values(), *lost], stamp, all_of_them=True)
        if lost:
            with suppress(DataError):
                self._records.append(lost)
                self._index.put_setting("records", self._records.stamp())

    def _shorten_records(self) -> None:
        """Write the record of splits again where most of its lines are older decisions; once is enough."""
        if self._shortened or size_of(self._records.stamp()) < _LEAST_SHORTENED:
            return
        self._shortened = True
        lines = list(self._records.read())
        latest = {record.hash: record for record in lines}
        if len(latest) * 3 <= len(lines) and not self._records.unreadable():
            afterwards(lambda: self._records.replace(latest.values()))

    def _place_strangers(self) -> None:
        rows = self._index.rows(
            "SELECT hash, label, mtime_ns FROM files WHERE hash NOT IN (SELECT hash FROM records) ORDER BY label, key"
        )
        strangers = [Newcomer(hash_, label, time=mtime / 1e9) for hash_, label, mtime in rows]
        if strangers:
            try:
                self.remember(strangers)
            except DataError as error:  # a full disk: decided the same way again, and written then
                _log.warning("%s", error)
                records = place(strangers, self._index, self._near, self._ratios())
                self._index.put_records(records, self._index.setting("records"))
