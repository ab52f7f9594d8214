"""A folder a class, with or without a folder a split around them."""

from collections.abc import Iterable, Iterator

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.split import Split

FOLDERS = {Split.TRAINING: "train", Split.VALIDATION: "validation", Split.TEST: "test"}


def by_class(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``<label>/<file>``."""
    for picture in pictures:
        yield Entry(picture.key, picture.path)


def by_split(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``train|validation|test/<label>/<file>``."""
    for picture in pictures:
        yield Entry(f"{FOLDERS[picture.split]}/{picture.key}", picture.path)
