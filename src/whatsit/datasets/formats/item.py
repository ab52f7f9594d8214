"""One picture of a source, and what the source says about it."""

from dataclasses import dataclass

from whatsit.datasets.split import Split


@dataclass(frozen=True, slots=True)
class Item:
    """A picture to import."""

    path: str
    """Its path in the source."""
    label: str
    split: Split | None = None
    """The split that the source says, which is kept; None: decided by whatsit's rule."""
    name: str = ""
    """The file name to give it; empty: that of ``path``."""
