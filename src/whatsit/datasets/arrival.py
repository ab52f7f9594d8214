"""A picture that an import brings, ready to be stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """The bytes, and what has been decided about them; their split and fingerprint are on record already."""

    content: bytes
    hash: str
    """SHA-256 of ``content``."""
    label: str
    name: str
    """The safe file name wished for."""
