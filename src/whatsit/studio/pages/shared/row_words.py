"""Words for the rows that packages add to the tables: the word lists cannot know them."""

from collections.abc import Mapping

from whatsit.backbones import BACKBONES
from whatsit.datasets.formats import FORMATS
from whatsit.deployment.targets import TARGETS


def row_words() -> Mapping[str, str]:
    """Message key -> English text of every row, in the row's own words; a word list's text goes before it."""
    words = {f"backbone.{name}": row.title for name, row in BACKBONES.items()}
    for name, target in TARGETS.items():
        words |= {f"target.{name}": target.title, f"target.{name}_hint": target.description}
    words |= {f"layout.{name}": layout.title for name, layout in FORMATS.items()}
    return words
