"""One file of an export."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture to copy, or a list to write."""

    path: str
    """In the export, with ``/`` between its parts."""
    picture: Path | None = None
    content: bytes = b""
