"""One line for people about a model and a program: English here, other languages by its key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of text whose translations the studio's word lists hold under ``remark.<key>``.

    A phrase without a capital and a full stop, as error messages are. Example::

        Remark("squashes", "Frigate squashes pictures; trained with fit {fit}", {"fit": "cover"})
    """

    key: str
    text: str
    """In English, with ``{name}`` for each of ``values``."""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.text.format_map(self.values)


Line: TypeAlias = Remark | str
"""What rows of the table say: a string has no translations."""
