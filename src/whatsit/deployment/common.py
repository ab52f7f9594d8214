"""What several targets share: label files and the rule of colour."""

from collections.abc import Sequence

from whatsit.deployment.remark import Remark
from whatsit.imaging.preprocess import Colour
from whatsit.models.card import ModelCard


def label_lines(labels: Sequence[str]) -> bytes:
    """A label file: one label per line, UTF-8."""
    return ("\n".join(labels) + "\n").encode()


def needs_colour(card: ModelCard) -> Remark | None:
    """The refusal of a program that gives RGB pictures only."""
    if card.colour is Colour.RGB:
        return None
    return Remark("needs_colour", "takes colour pictures only, this model takes grey ones; train with colour rgb")
