"""One thing that was left out, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skip:
    """A file, folder or list entry that was not taken."""

    path: str
    """Where it is, relative to the folder, archive or list that was read; ``/`` between the parts."""
    reason: str
    """Why it was not taken, for a person; detail after a colon."""
