"""One file of an export."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture to copy, or a file to write."""

    path: str
    """Its path in the export, with ``/`` between the parts."""
    picture: Path | None = None
    """The file to copy byte for byte; None: ``content`` is written."""
    content: bytes = b""
