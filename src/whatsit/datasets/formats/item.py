"""One picture of a source with what the source says about it."""

from dataclasses import dataclass

from whatsit.datasets.split import Split


@dataclass(frozen=True, slots=True)
class Item:
    """A picture to import."""

    path: str
    """Its path in the source."""
    label: str
    split: Split | None = None
    """Only where the source says so; it is kept then."""
    name: str = ""
    """The file name wished for; the path's own where empty."""
