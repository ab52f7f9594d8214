"""Things that were left out, and why."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skip:
    """A file, folder or list entry that was not taken."""

    path: str
    """Where it is, relative to the folder, archive or list that was read; ``/`` between the parts."""
    reason: str
    """Why it was not taken, for a person; detail after a colon."""


@dataclass(frozen=True, slots=True)
class SkipGroup:
    """Everything that was left out for one reason."""

    reason: str
    """Without detail, where the details differ."""
    paths: tuple[str, ...]


def by_reason(skips: Iterable[Skip]) -> list[SkipGroup]:
    """One group for each reason, the largest first."""
    groups: dict[str, list[Skip]] = {}
    for skip in skips:
        kind = skip.reason if skip.reason.startswith("label ") else skip.reason.partition(": ")[0]
        groups.setdefault(kind, []).append(skip)
    found = [
        SkipGroup(kind if len({skip.reason for skip in group}) > 1 else group[0].reason, tuple(s.path for s in group))
        for kind, group in groups.items()
    ]
    return sorted(found, key=lambda group: -len(group.paths))


_NOBODY_MISSES = frozenset({"left by another program", "hidden file", "hidden folder"})


def mostly_left_out(taken: int, skips: Iterable[Skip]) -> str:
    """``most files were not read: 12 of 20``, where that is so; else nothing. What systems leave behind, such as the
    twin of every file in an archive of macOS, does not count."""
    left = sum(len(group.paths) for group in by_reason(skips) if group.reason not in _NOBODY_MISSES)
    return f"most files were not read: {left:,} of {left + taken:,}" if left > taken else ""
