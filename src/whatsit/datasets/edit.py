"""One edit of the dataset as a value: what moves, which splits change, and what is taught before and after."""

import json
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from whatsit.datasets.catalogue import counted
from whatsit.datasets.split import DecidedBy, Split
from whatsit.datasets.splits_csv import SplitRecord, known_time
from whatsit.validation import first_few


class EditKind(StrEnum):
    """What a person did. The pages name an edit by its kind, ``count``, ``label`` and ``to``."""

    ADD = "add"
    """``count`` pictures to the class ``to``."""
    IMPORT = "import"
    """``count`` pictures."""
    RELABEL = "relabel"
    """``count`` pictures to the class ``to``."""
    CORRECT = "correct"
    """``count`` pictures, which a model took for something else, to the class ``to``."""
    STRANGER = "stranger"
    """``count`` pictures are none of the classes."""
    MOVE = "move"
    """``count`` pictures to the split ``to``."""
    DELETE = "delete"
    """``count`` pictures."""
    ADD_CLASS = "add_class"
    """An empty class, ``label``."""
    RENAME_CLASS = "rename_class"
    """From ``label`` to ``to``."""
    DELETE_CLASS = "delete_class"
    """The class ``label``."""
    RESPLIT = "resplit"
    """The splits of ``count`` pictures are decided again."""
    LEARN = "learn"
    """The lesson takes every sample into account."""
    CLEAR = "clear"
    """Everything taught is forgotten, ``count`` pictures."""
    LOAD = "load"
    """The lesson is replaced by a feature file."""
    TEACH = "teach"
    """A step of a lesson that an earlier version kept; nothing more is known of it."""
    FORGET = "forget"
    """The trash was emptied: nothing before this can be undone."""
    UNKNOWN = "unknown"
    """Written by another version: only its text tells what it was."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing a person did to the dataset, complete enough to do it again or to undo it."""

    kind: EditKind
    count: int = 0
    label: str = ""
    to: str = ""
    moves: tuple[tuple[str, str], ...] = ()
    """Files or label folders, (from, to), relative to the project."""
    before: tuple[SplitRecord, ...] = ()
    after: tuple[SplitRecord, ...] = ()
    makes: tuple[str, ...] = ()
    """Folders to make first, relative to the project; undoing the edit removes them if they are empty."""
    removes: tuple[str, ...] = ()
    """Folders to remove afterwards if they are empty; undoing the edit makes them again."""
    undoes: int = 0
    """The number of the edit that this one undoes; 0 for an edit in its own right."""
    burst: str = ""
    """Additions of one burst that follow one another are one edit."""
    lesson: tuple[int, int] | None = None
    """Ids of the lesson's versions before and after; the studio keeps these, this package only carries them."""
    time: float = 0.0
    """Seconds since 1970, UTC."""
    text: str = ""
    """What an edit of kind UNKNOWN was, in the words of the version that wrote it."""

    @property
    def what(self) -> str:
        """What was done, for a person: ``relabel 3 pictures to 'dog'``."""
        some = counted(self.count)
        return {
            EditKind.ADD: f"add {some} to {self.to!r}",
            EditKind.IMPORT: f"import {some}",
            EditKind.RELABEL: f"relabel {some} to {self.to!r}",
            EditKind.CORRECT: f"correct {some} to {self.to!r}",
            EditKind.STRANGER: f"mark {some} as none of the classes",
            EditKind.MOVE: f"move {some} to {self.to}",
            EditKind.DELETE: f"delete {some}",
            EditKind.ADD_CLASS: f"add the class {self.label!r}",
            EditKind.RENAME_CLASS: f"rename {self.label!r} to {self.to!r}",
            EditKind.DELETE_CLASS: f"delete the class {self.label!r}",
            EditKind.RESPLIT: f"split {some} again",
            EditKind.LEARN: "learn",
            EditKind.CLEAR: "forget everything taught",
            EditKind.LOAD: "load features",
            EditKind.TEACH: "a step of the lesson",
            EditKind.FORGET: "empty the trash",
            EditKind.UNKNOWN: self.text,
        }[self.kind]

    @property
    def is_nothing(self) -> bool:
        """True where doing it changes nothing."""
        same_lesson = self.lesson is None or self.lesson[0] == self.lesson[1]
        return same_lesson and not (self.moves or self.before or self.after or self.makes or self.removes)

    def reversed(self, number: int) -> "Edit":
        """The edit that undoes this one, which has this number."""
        return replace(
            self,
            moves=tuple((to, origin) for origin, to in reversed(self.moves)),
            before=self.after,
            after=self.before,
            makes=self.removes,
            removes=self.makes,
            undoes=number,
            burst="",
            lesson=None if self.lesson is None else (self.lesson[1], self.lesson[0]),
            time=time.time(),
        )

    def then(self, more: "Edit") -> "Edit":
        """This edit and the next part of its burst as one."""
        first, last = self.lesson or more.lesson, more.lesson or self.lesson
        return replace(
            self,
            count=self.count + more.count,
            moves=self.moves + more.moves,
            before=self.before + more.before,
            after=self.after + more.after,
            makes=self.makes + more.makes,
            removes=self.removes + more.removes,
            lesson=None if first is None or last is None else (first[0], last[1]),
            time=more.time,
        )

    def continues(self, earlier: "Edit") -> bool:
        """Whether this is a further part of ``earlier``'s burst."""
        return (
            self.burst != ""
            and self.kind not in (EditKind.CORRECT, EditKind.STRANGER)
            and not earlier.undoes
            and (self.burst, self.kind, self.to) == (earlier.burst, earlier.kind, earlier.to)
        )

    def to_line(self) -> bytes:
        """The edit as one line of JSON."""
        what = f"undo: {self.what}" if self.undoes else self.what
        return json.dumps({"what": what, **asdict(self)}, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone, and the files that could not come back because they are gone."""

    edit: Edit
    gone: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """For a person."""
        what = self.edit.what
        return f"{what} (gone for good: {first_few(self.gone, 1)})" if self.gone else what


def read_edit(content: bytes) -> Edit | None:
    """An edit from the lines its parts were written as; None where it cannot be understood.

    A last line that was cut by a crash is a part that was never begun.
    """
    parts: list[Edit] = []
    lines = content.split(b"\n")
    for place, line in enumerate(lines):
        if not line.strip():
            continue
        part = _parsed(line)
        if part is not None:
            parts.append(part)
        elif not parts or any(rest.strip() for rest in lines[place + 1 :]):
            return None
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.then(part)
    return whole


def _parsed(line: bytes) -> Edit | None:
    try:
        fields = json.loads(line)
        json.dumps(fields, ensure_ascii=False).encode()  # no half characters
        moves = tuple((str(origin), str(to)) for origin, to in fields["moves"])
        folders = [str(folder) for folder in [*fields["makes"], *fields["removes"]]]
        if not all(map(_is_inside, [*folders, *(path for move in moves for path in move)])):
            return None
        kind, text = _kind(fields)
        return Edit(
            kind,
            int(fields.get("count", 0)),
            str(fields.get("label", "")),
            str(fields.get("to", "")),
            moves,
            tuple(map(_record, fields["before"])),
            tuple(map(_record, fields["after"])),
            tuple(map(str, fields["makes"])),
            tuple(map(str, fields["removes"])),
            int(fields["undoes"]),
            str(fields.get("burst", "")),
            _lesson(fields.get("lesson")),
            known_time(fields["time"]),
            text,
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None


def _kind(fields: dict[str, Any]) -> tuple[EditKind, str]:
    try:
        return EditKind(fields["kind"]), str(fields.get("text", ""))
    except (KeyError, ValueError):
        return EditKind.UNKNOWN, str(fields["what"]).removeprefix("undo: ")


def _lesson(field: Any) -> tuple[int, int] | None:
    if field is None:
        return None
    before, after = map(int, field)
    if not (0 <= before < 2**62 and 0 <= after < 2**62):
        raise ValueError("no version of a lesson")
    return before, after


def _is_inside(path: str) -> bool:
    # The project may have come from a stranger; its journal must not reach out of it.
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _record(fields: dict[str, str]) -> SplitRecord:
    return SplitRecord(
        fields["hash"], Split(fields["split"]), DecidedBy(fields["decided_by"]), fields["burst"],
        fields["source"], known_time(fields["time"]),
    )  # fmt: skip
