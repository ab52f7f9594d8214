"""Edits that finish or never happened, and can be undone: a journal of what moves, of splits and of lessons."""

import contextlib
import filecmp
import logging
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from whatsit.datasets.afterwards import afterwards
from whatsit.datasets.damage import set_aside
from whatsit.datasets.edit import Edit, EditKind, read_edit
from whatsit.datasets.places import HISTORY, INCOMING
from whatsit.datasets.splits_csv import SplitRecords
from whatsit.datasets.standing import Standing
from whatsit.datasets.steps import Steps
from whatsit.errors import DataError
from whatsit.files import beneath, cannot_write, read_bounded, write_all, write_file

_log = logging.getLogger(__name__)
_MAX_BYTES = 2**28
"""Of one edit: an import of more pictures than a dataset can hold."""
_NAME = re.compile(r"(\d{8})(\.doing)?\.json")
KEPT = 2000
"""How many edits can be undone at least; half as many more are kept before the oldest are forgotten."""
_PRUNED_AFTER = 256
"""Edits; opening a project prunes too, and a studio can stay open for months."""
_REMEMBERED = 5000
"""Parsed edits kept in memory."""

_Stamp: TypeAlias = tuple[int, int]
"""Modification time in nanoseconds and size of a file."""


class EditHistory:
    """The folder of edits, oldest first: ``<number>.json``, one line of JSON per part of a burst.

    An edit is called ``<number>.doing.json`` from before its first change until after its last: one that a crash cut
    short is finished at the next opening. The newest edit that names a lesson tells which lesson counts.
    """

    def __init__(self, project: Path, records: SplitRecords) -> None:
        self.folder = HISTORY.below(project)
        self.project = project
        self._incoming = INCOMING.below(project)
        self._records = records
        self._parsed: dict[int, tuple[_Stamp, Edit | None]] = {}
        self._damaged: set[int] = set()
        """Edits that were read and cannot be understood."""
        self._settled: set[int] = set()
        """Edits that were parsed when there were later ones: no part joins them any more."""
        self._standing = Standing(self._edit)
        self._latest: tuple[tuple[int, _Stamp | None], int | None, tuple[int, Edit] | None] | None = None

    # ---- doing

    def perform(self, edit: Edit, contents: Mapping[str, bytes] | None = None) -> int:
        """Do the whole edit and return its number, or leave everything as it was.

        The last step, a rename, makes it count. Until then everything that was done is put back on an error.

        Args:
            edit: what to do; one that continues the newest edit's burst becomes part of that.
            contents: new files, by a path relative to the project that the edit moves them from.

        Raises:
            DataError: a move was not possible or the disk is full; what was already moved is moved back.
        """
        steps = Steps()
        try:
            self._place(contents or {}, steps)
            number, before = self._begin(edit, steps)
            self._do(edit, steps)
            self._close(number)
        except BaseException as error:
            left = "nothing was changed" if steps.put_back() else "the next start finishes it"
            if isinstance(error, OSError):
                raise DataError(f"cannot {edit.what}: {error.strerror}; {left}") from error
            raise
        if before is not None and (stamp := self._stamp(number)) is not None:
            self._parsed[number] = stamp, before.then(edit)  # not parsed again: bursts can be long
        if number % _PRUNED_AFTER == 0:
            afterwards(self.prune)
        return number

    def _do(self, edit: Edit, steps: "Steps") -> None:
        steps.then_back(self._records.go_back, self._records.mark())
        self._records.append(edit.after)
        steps.then_back(self._remove, edit.makes)
        self._make(edit.makes)
        for origin, to in edit.moves:
            source = self._source(origin)
            self._move(source, to)
            steps.then_back(self._move, to, source)
        self._synchronise(edit)
        steps.then_back(self._make, [folder for folder in edit.removes if (self.project / folder).is_dir()])
        self._remove(edit.removes)

    def record(self, edit: Edit) -> int:
        """Write down an edit that has happened already; returns its number.

        Raises:
            DataError: the disk is full or read-only.
        """
        number = self.newest() + 1
        try:
            beneath.make_folder(self.folder)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        write_file(self.folder / f"{number:08d}.json", edit.to_line())
        return number

    def finish_interrupted(self) -> None:
        """Complete what a killed process had begun; harmless where nothing is left over.

        What a full disk does not let happen now is left to the next time.
        """
        self._set_damaged_aside()
        left = False
        for path in sorted(self.folder.glob("*.doing.json")) if self.folder.is_dir() else ():
            try:
                edit = read_edit(read_bounded(path, _MAX_BYTES, "an edit"))
                if edit is None:
                    set_aside(path, "not an edit", "which is passed over")
                    continue
                self._records.append(edit.after)
                self._make(edit.makes)
                for origin, to in edit.moves:
                    source = self._source(origin)
                    if os.path.lexists(self.project / source) and not os.path.lexists(self.project / to):
                        self._move(source, to)
                self._synchronise(edit)
                self._remove(edit.removes)
                self._close(int(path.name[:8]))
            except (OSError, DataError) as error:
                _log.warning("%s: cannot be finished now: %s", path, error)
                left = True
        if not left and os.path.lexists(self._incoming):
            beneath.remove_tree(self._incoming)  # of edits that never began

    def _set_damaged_aside(self) -> None:
        while self._damaged:
            path = self.folder / f"{self._damaged.pop():08d}.json"
            with contextlib.suppress(DataError):
                set_aside(path, "not an edit", "which is passed over")

    def forget(self) -> None:
        """Forget every edit: none can be undone any more. Which lesson counts is kept.

        Raises:
            DataError: the disk is full or read-only; nothing is forgotten then.
        """
        lesson, numbers = self.lesson(), self._numbers()
        if not numbers:
            return
        self.record(Edit(EditKind.FORGET, lesson=None if lesson is None else (lesson, lesson)))
        for number in numbers:
            with contextlib.suppress(OSError, DataError):
                beneath.unlink(self.folder / f"{number:08d}.json", missing_ok=True)

    def prune(self, most: int = KEPT) -> None:
        """Forget the oldest edits where there are more than half as many again as ``most``.

        The newest one that names a lesson stays, with all after it: what is taught now follows from them.
        """
        numbers = sorted(self._numbers())
        if len(numbers) <= most * 3 // 2:
            return
        newest_first = self._edits(reversed(numbers))
        of_lesson = next((number for number, edit in newest_first if edit.lesson is not None), numbers[-1])
        oldest = min(numbers[-most], of_lesson)
        for number in numbers:  # the oldest first: whatever stops this, those that are left follow one another
            if number >= oldest:
                break
            with contextlib.suppress(OSError, DataError):
                beneath.unlink(self.folder / f"{number:08d}.json", missing_ok=True)
            self._parsed.pop(number, None)
            self._settled.discard(number)

    # ---- looking

    def newest(self) -> int:
        """The number of the latest edit; 0 where there is none."""
        return max(self._numbers(), default=0)

    def lesson(self) -> int | None:
        """The version of the lesson that counts; None where no edit names one."""
        return self._look()[0]

    def since(self, number: int) -> Iterator[Edit]:
        """The edits after the one with this number, oldest first, undoing ones included."""
        later = sorted(found for found in self._numbers() if found > number)
        edits = [(found, self._edit(found)) for found in later]
        self._settled.update(later[:-1])
        return (edit for _, edit in edits if edit is not None)

    def undoable(self) -> tuple[int, Edit] | None:
        """The latest edit that has not been undone, with its number."""
        return self._look()[1]

    def undoing(self) -> tuple[Edit, tuple[str, ...]] | None:
        """The edit that undoes the latest one, as far as that is possible, and the files it leaves: they are gone.

        Where an old place is taken by now, the file comes back beside what is there.
        """
        latest = self.undoable()
        if latest is None:
            return None
        edit = latest[1].reversed(latest[0])
        present = [(origin, to) for origin, to in edit.moves if (self.project / origin).exists()]
        gone = tuple(origin for origin, to in edit.moves if (origin, to) not in present)
        there = [(origin, to) for origin, to in present if not self._is_back(origin, to)]
        taken: set[str] = set()
        moves = []
        for origin, to in there:
            parts, folder = [(origin, to)], self.project / origin
            if folder.is_dir() and (self.project / to).is_dir():  # a class that was made again since: it joins
                parts = [(f"{origin}/{path.name}", f"{to}/{path.name}") for path in sorted(folder.iterdir())]
            for part, place in parts:
                moves.append((part, self._free(place, taken)))
                taken.add(moves[-1][1])
        emptied = tuple(origin for origin, to in there if (self.project / origin).is_dir())
        return replace(edit, moves=tuple(moves), removes=(*edit.removes, *emptied)), gone

    # ---- how

    def _place(self, contents: Mapping[str, bytes], steps: "Steps") -> None:
        """New files, where a kill leaves no trace of them: ``finish_interrupted`` empties the folder."""
        if contents:
            beneath.make_folder(self._incoming)
        for path, content in contents.items():
            target = self._incoming / Path(path).name
            steps.then_back(beneath.unlink, target, missing_ok=True)
            write_file(target, content)

    def _source(self, origin: str) -> str:
        """Where a file to be moved from ``origin`` is: there, or among the new ones."""
        incoming = self._incoming / Path(origin).name
        if not os.path.lexists(self.project / origin) and os.path.lexists(incoming):
            return incoming.relative_to(self.project).as_posix()
        return origin

    def _begin(self, edit: Edit, steps: "Steps") -> tuple[int, Edit | None]:
        """Write the intention down, so that a crash from now on ends in the edit being done.

        Returns:
            The edit's number, and what was done under it before: the earlier parts of a burst.
        """
        beneath.make_folder(self.folder)
        number = self.newest()
        latest = self._edit(number) if number else None
        if latest is None or not edit.continues(latest):
            number += 1
            steps.then_back(beneath.unlink, self._doing(number), missing_ok=True)
            write_file(self._doing(number), edit.to_line())
            return number, None
        closed, doing = self.folder / f"{number:08d}.json", self._doing(number)
        size = closed.stat().st_size
        steps.then_back(self._reopen, number, size)
        beneath.replace(closed, doing)
        beneath.sync_folder(self.folder)  # before the new line: a closed file's lines have all happened
        with os.fdopen(beneath.opened(doing, os.O_RDWR | os.O_APPEND), "ab+", buffering=0) as stream:
            torn = size and os.pread(stream.fileno(), 1, size - 1) != b"\n"
            write_all(stream.fileno(), (b"\n" if torn else b"") + edit.to_line())
            os.fsync(stream.fileno())
        return number, latest

    def _reopen(self, number: int, size: int) -> None:
        """A burst's file as it was before its next part."""
        doing = self._doing(number)
        if doing.exists():
            handle = beneath.opened(doing, os.O_WRONLY)
            try:
                os.ftruncate(handle, size)
            finally:
                os.close(handle)
            self._close(number)

    def _close(self, number: int) -> None:
        # A rename needs no space, so an edit that happened can always be marked so.
        beneath.replace(self._doing(number), self.folder / f"{number:08d}.json")

    def _doing(self, number: int) -> Path:
        return self.folder / f"{number:08d}.doing.json"

    def _look(self) -> tuple[int | None, tuple[int, Edit] | None]:
        """``lesson`` and ``undoable``, looked for again only where the newest edit is another."""
        numbers = sorted(self._numbers())
        newest = (numbers[-1], self._stamp(numbers[-1])) if numbers else (0, None)
        if self._latest is None:  # who looks once need not read all of them
            self._latest = newest, _lesson(self._edits(reversed(numbers))), _undoable(self._edits(reversed(numbers)))
        elif self._latest[0] != newest:
            lesson, number = self._standing.after(numbers)
            edit = None if number is None else self._edit(number)
            self._latest = newest, lesson, None if number is None or edit is None else (number, edit)
        return self._latest[1:]

    def _stamp(self, number: int) -> _Stamp | None:
        with contextlib.suppress(OSError):
            status = (self.folder / f"{number:08d}.json").stat()
            return status.st_mtime_ns, status.st_size
        return None

    def _numbers(self) -> list[int]:
        try:
            with os.scandir(self.folder) as entries:
                return [int(match[1]) for entry in entries if (match := _NAME.fullmatch(entry.name))]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(f"{self.folder}: cannot be read: {error.strerror}; check its permissions") from error

    def _edits(self, numbers: Iterable[int]) -> Iterator[tuple[int, Edit]]:
        return ((number, edit) for number in numbers if (edit := self._edit(number)) is not None)

    def _edit(self, number: int) -> Edit | None:
        known = self._parsed.get(number)
        if known is not None and number in self._settled:
            return known[1]
        stamp = self._stamp(number)
        if stamp is None:
            return None
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            edit = read_edit(read_bounded(self.folder / f"{number:08d}.json", _MAX_BYTES, "an edit"))
        except DataError:
            return None
        if edit is None:
            self._damaged.add(number)
        if len(self._parsed) >= _REMEMBERED:
            self._parsed.clear()
            self._settled.clear()
        self._parsed[number] = (stamp, edit)
        return edit

    def _is_back(self, origin: str, to: str) -> bool:
        source, target = self.project / origin, self.project / to
        return source.is_file() and target.is_file() and filecmp.cmp(source, target, shallow=False)

    def _free(self, place: str, taken: Container[str]) -> str:
        path, number = Path(place), 2
        candidate = path
        while candidate.as_posix() in taken or self._is_in_the_way(self.project / candidate):
            candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
            number += 1
        return candidate.as_posix()

    @staticmethod
    def _is_in_the_way(path: Path) -> bool:
        return os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir()))

    def _make(self, folders: Iterable[str]) -> None:
        for folder in folders:
            beneath.make_folder(self.project / folder)

    def _remove(self, folders: Iterable[str]) -> None:
        for folder in folders:
            with contextlib.suppress(OSError):  # not empty any more: it stays
                beneath.rmdir(self.project / folder)

    def _move(self, origin: str, to: str) -> None:
        source, target = self.project / origin, self.project / to
        if os.path.lexists(target):
            if target.is_dir() and source.is_dir() and not any(target.iterdir()):
                beneath.rmdir(target)
            else:
                raise DataError(f"cannot move {source} to {target}: that name is taken; nothing was changed")
        beneath.make_folder(target.parent)
        beneath.replace(source, target)

    def _synchronise(self, edit: Edit) -> None:
        for folder in {(self.project / path).parent for move in edit.moves for path in move}:
            if folder.is_dir():
                beneath.sync_folder(folder)


def _lesson(edits: Iterable[tuple[int, Edit]]) -> int | None:
    """What the newest edit of a lesson left."""
    for _, edit in edits:
        if edit.lesson is not None:
            return edit.lesson[1]
    return None


def _undoable(edits: Iterable[tuple[int, Edit]]) -> tuple[int, Edit] | None:
    """The newest edit that no newer one undoes."""
    undone: set[int] = set()
    for number, edit in edits:
        if edit.kind is EditKind.FORGET:
            return None
        if edit.undoes:
            undone.add(edit.undoes)
        elif number not in undone and not edit.is_nothing:
            return number, edit
    return None
