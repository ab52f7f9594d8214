"""What a check finds: the kind of issue, the pictures, and what would fix it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.held_out import hold_out
from whatsit.errors import DataError


class Kind(StrEnum):
    """What can be wrong with pictures, classes or files; each has its file in this package."""

    UNREADABLE = "unreadable"
    TINY = "tiny"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    EXACT_COPY = "exact copy"
    CONFLICT = "copies with different labels"
    NEAR_COPY = "near copy"
    ACROSS_SPLITS = "copy across splits"
    TWIN_LABELS = "twin labels"
    SMALL_CLASS = "small class"
    EMPTY_SPLIT = "empty split"
    UNBALANCED = "unbalanced"
    LABEL_ISSUE = "label issue"
    OUTLIER = "outlier"
    IGNORED = "ignored file"
    UNUSABLE_NAME = "unusable name"
    DAMAGED_RECORD = "damaged record"


EACH = frozenset({Kind.UNREADABLE, Kind.TINY, Kind.BLURRED, Kind.DARK, Kind.BRIGHT})
"""Kinds with one finding for all their pictures, each of which is judged by itself."""


class Action(StrEnum):
    """What a fix does."""

    DELETE = "delete"
    RELABEL = "relabel"
    MOVE = "move"
    RENAME = "rename"
    SPLIT_AGAIN = "split again"
    HOLD_OUT = "hold out"


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that fixes a finding; like every edit it can be undone."""

    action: Action
    pictures: tuple[str, ...]
    """Keys of the pictures it changes; for ``RENAME``, of any pictures of the class."""
    to: str = ""
    """The new label, or the new split."""

    def apply(self, dataset: Dataset) -> None:
        """Do it.

        Raises:
            DataError: a picture is gone, or the edit is not possible; nothing changes then.
        """
        if self.action is Action.DELETE:
            dataset.delete(self.pictures)
        elif self.action is Action.RELABEL:
            dataset.relabel(self.pictures, self.to)
        elif self.action is Action.MOVE:
            dataset.set_split(self.pictures, self.to)
        elif self.action is Action.RENAME:
            dataset.rename_label(dataset.picture(self.pictures[0]).label, self.to)
        elif self.action is Action.SPLIT_AGAIN:
            dataset.resplit()
        elif self.action is Action.HOLD_OUT:
            hold_out(dataset)
        else:
            raise DataError(f"fix {self.action!r}: expected one of {', '.join(Action)}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    kind: Kind
    pictures: tuple[str, ...]
    """Keys, the worst first; empty where it is about a class or a file."""
    message: str
    """One sentence for a person."""
    fix: Fix | None = None
    """None where only new pictures or a person's decision help."""
    label: str = ""
    """The class it is about, if any."""
    split: str = ""
    """The split it is about, if any."""
    details: tuple[str, ...] = ()
    """The files, lines or classes it is about, where they are not pictures."""

    @property
    def amount(self) -> int:
        """How many issues this finding counts as."""
        return len(self.pictures) if self.kind in EACH else 1

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and the studio."""
        fix = self.fix and {
            "action": self.fix.action.value, "pictures": list(self.fix.pictures), "to": self.fix.to
        }  # fmt: skip
        return {
            "kind": self.kind.value,
            "pictures": list(self.pictures),
            "message": self.message,
            "fix": fix,
            "label": self.label,
            "split": self.split,
            "details": list(self.details),
        }
