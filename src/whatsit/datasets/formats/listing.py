"""What a layout makes of a source: its pictures, what it refuses and what it remarks."""

from dataclasses import dataclass

from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.source import Skip


@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures of a source, before any of them is read."""

    items: tuple[Item, ...] = ()
    skips: tuple[Skip, ...] = ()
    """What will not arrive, and why."""
    notes: tuple[Skip, ...] = ()
    """What will arrive otherwise than the source has it, and how."""
