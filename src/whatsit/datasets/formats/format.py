"""A row of the table of layouts: all that the command line, the studio and the docs know of one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.listing import Listing, NearMiss
from whatsit.datasets.formats.source import Contents, Source

Reader: TypeAlias = Callable[[Source, Contents], Listing | NearMiss | None]
"""What a source holds; None where it is not in this layout, a near miss where it may be meant so. Raises SourceError
where it is and cannot be read."""
ListReader: TypeAlias = Callable[[Source, Contents, str], Listing | NearMiss | None]
"""What one list, named by its path in the source, says of the pictures beside it. Raises SourceError."""
Writer: TypeAlias = Callable[[Iterable[Picture]], Iterator[Entry]]
"""The files of an export. A picture that is not read is never looked at, so sets of any size fit in memory."""


@dataclass(frozen=True, slots=True)
class Format:
    """A layout of labelled pictures in a folder or an archive."""

    name: str
    """As in ``--layout`` and in the table."""
    title: str
    """What the tool or layout is called."""
    about: str
    """The layout in one line."""
    splits: str
    """Which splits an import gives and an export keeps, in a few words."""
    read: Reader | None = None
    """None where the layout is only written."""
    write: Writer | None = None
    """None where the layout is only read."""
    precedence: int = 50
    """Readers are asked by rising precedence; the first that knows the source reads it. Class folders (100) know every
    source."""
    takes_folders: bool = False
    """The labels are the names of folders: not to be believed where a list or a split is nearly understood."""
    list_endings: tuple[str, ...] = ()
    """Endings of files that name pictures and can be imported by themselves, such as ``.csv``."""
    read_list: ListReader | None = None
    """Reads such a file; the pictures lie beside it."""
    notes: tuple[str, ...] = ()
    """Limits, one sentence each."""
