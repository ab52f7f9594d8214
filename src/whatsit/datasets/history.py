"""Edits that finish or never happened, and can be taken back: a journal of file moves and split changes."""

import contextlib
import filecmp
import json
import os
import re
import time
from collections.abc import Container
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from whatsit.datasets.split import DecidedBy, Split
from whatsit.datasets.splits_csv import SplitRecord, SplitRecords
from whatsit.errors import DataError
from whatsit.files import sync_folder, write_file

_NAME = re.compile(r"(\d{8})(\.doing)?\.json")


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing a person did to the dataset, complete enough to do it again or to take it back."""

    what: str
    """For a person: ``relabel 3 pictures to 'dog'``."""
    moves: tuple[tuple[str, str], ...] = ()
    """Files or label folders, (from, to), relative to the project."""
    before: tuple[SplitRecord, ...] = ()
    after: tuple[SplitRecord, ...] = ()
    makes: tuple[str, ...] = ()
    """Folders to make first, relative to the project; taking the edit back removes them if they are empty."""
    removes: tuple[str, ...] = ()
    undoes: int = 0
    """The number of the edit taken back; 0 for an edit of its own."""
    time: float = 0.0
    """Seconds since 1970, UTC."""

    def reversed(self, number: int) -> "Edit":
        """The edit that takes this one back."""
        moves = tuple((to, origin) for origin, to in reversed(self.moves))
        return Edit(f"undo: {self.what}", moves, self.after, self.before, self.removes, self.makes, number, time.time())


class EditHistory:
    """The folder of edits, oldest first; one that a crash cut short is finished at the next opening."""

    def __init__(self, folder: Path, project: Path, records: SplitRecords) -> None:
        self.folder = folder
        self.project = project
        self._records = records

    def perform(self, edit: Edit) -> int:
        """Do the whole edit and return its number, or leave everything as it was.

        Raises:
            DataError: a move was not possible or the disk is full; what was already moved is moved back.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        number = max(self._numbers(), default=0) + 1
        doing = self.folder / f"{number:08d}.doing.json"
        write_file(doing, json.dumps(asdict(edit), ensure_ascii=False).encode())
        done: list[tuple[str, str]] = []
        try:
            self._records.append(edit.after)
            self._make(edit.makes)
            for origin, to in edit.moves:
                self._move(origin, to)
                done.append((origin, to))
            self._synchronise(edit)
        except (OSError, DataError) as error:
            for origin, to in reversed(done):
                with contextlib.suppress(OSError):
                    self._move(to, origin)
            self._remove(edit.makes)
            with contextlib.suppress(DataError):
                self._records.append(edit.before)
            with contextlib.suppress(OSError):
                doing.unlink()
            if isinstance(error, DataError):
                raise
            raise DataError(f"cannot {edit.what}: {error.strerror}; nothing was changed") from error
        self._remove(edit.removes)
        self._close(number)
        return number

    def finish_interrupted(self) -> None:
        """Complete what a killed process had begun; harmless where nothing is left over."""
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.glob("*.doing.json")):
            edit = _read(path)
            if edit is None:
                path.unlink()
                continue
            self._records.append(edit.after)
            self._make(edit.makes)
            for origin, to in edit.moves:
                if (self.project / origin).exists() and not (self.project / to).exists():
                    self._move(origin, to)
            self._synchronise(edit)
            self._remove(edit.removes)
            self._close(int(path.name[:8]))

    def undoable(self) -> tuple[int, Edit] | None:
        """The latest edit that has not been taken back, with its number."""
        taken_back: set[int] = set()
        for number in sorted(self._numbers(), reverse=True):
            edit = _read(self.folder / f"{number:08d}.json")
            if edit is None or number in taken_back:
                continue
            if not edit.undoes:
                return number, edit
            taken_back.add(edit.undoes)
        return None

    def undoing(self) -> tuple[Edit, tuple[str, ...]] | None:
        """The edit that takes the latest one back, as far as that can be, and the files it leaves: they are gone.

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
            if folder.is_dir() and (self.project / to).is_dir():  # a class made anew since: it joins
                parts = [(f"{origin}/{path.name}", f"{to}/{path.name}") for path in sorted(folder.iterdir())]
            for part, place in parts:
                moves.append((part, self._free(place, taken)))
                taken.add(moves[-1][1])
        emptied = tuple(origin for origin, to in there if (self.project / origin).is_dir())
        return replace(edit, moves=tuple(moves), removes=(*edit.removes, *emptied)), gone

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

    def _make(self, folders: tuple[str, ...]) -> None:
        for folder in folders:
            (self.project / folder).mkdir(parents=True, exist_ok=True)

    def _remove(self, folders: tuple[str, ...]) -> None:
        for folder in folders:
            with contextlib.suppress(OSError):  # not empty any more: it stays
                (self.project / folder).rmdir()

    def _close(self, number: int) -> None:
        # A rename needs no space, so an edit that happened can always be marked so.
        os.replace(self.folder / f"{number:08d}.doing.json", self.folder / f"{number:08d}.json")

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return [int(match[1]) for entry in os.scandir(self.folder) if (match := _NAME.fullmatch(entry.name))]

    def _move(self, origin: str, to: str) -> None:
        source, target = self.project / origin, self.project / to
        if target.exists():
            if target.is_dir() and source.is_dir() and not any(target.iterdir()):
                target.rmdir()
            else:
                raise DataError(f"cannot move {source} to {target}: that name is taken; nothing was changed")
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)

    def _synchronise(self, edit: Edit) -> None:
        for folder in {(self.project / path).parent for move in edit.moves for path in move}:
            if folder.is_dir():
                sync_folder(folder)


def _read(path: Path) -> Edit | None:
    try:
        fields = json.loads(path.read_bytes())
        moves = tuple((str(origin), str(to)) for origin, to in fields["moves"])
        folders = [str(folder) for folder in [*fields["makes"], *fields["removes"]]]
        if not all(map(_inside, [*folders, *(path for move in moves for path in move)])):
            return None
        return Edit(
            fields["what"],
            moves,
            tuple(map(_record, fields["before"])),
            tuple(map(_record, fields["after"])),
            tuple(map(str, fields["makes"])),
            tuple(map(str, fields["removes"])),
            int(fields["undoes"]),
            float(fields["time"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _inside(path: str) -> bool:
    # The project may have come from a stranger; its journal must not reach out of it.
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _record(fields: dict[str, str]) -> SplitRecord:
    return SplitRecord(
        fields["hash"], Split(fields["split"]), DecidedBy(fields["decided_by"]), fields["burst"],
        fields["source"], float(fields["time"]),
    )  # fmt: skip
