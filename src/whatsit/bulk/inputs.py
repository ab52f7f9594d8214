"""What a run is given, as a stream of pictures: folders, patterns, lists, addresses, single files."""

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from whatsit.bulk import addresses
from whatsit.datasets import path_list
from whatsit.datasets.formats.listing import ASIDE
from whatsit.datasets.picture_folder import pictures_below
from whatsit.datasets.skip import Skip
from whatsit.errors import DataError
from whatsit.files.spill import Seen, in_order
from whatsit.imaging.picture_format import is_picture_name
from whatsit.text import printable
from whatsit.validation import path as checked_path

_NOT_UTF8 = "name is not UTF-8; rename it"


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture to be classified, or what will be a row with this error."""

    path: str
    """Absolute, or an address."""
    problem: str = ""


def entries(inputs: Sequence[str | os.PathLike[str]]) -> Iterator[Entry]:
    """Every picture once, in the order of the inputs; within a folder by path.

    What a folder holds and cannot be entered or opened is an entry with its problem. What was put aside is not an
    entry: files that are no pictures, hidden files, folders of thumbnails.

    Raises:
        DataError: an input is not there, cannot be listed, or is a list that cannot be read.
    """
    if len(inputs) == 1 and Path(inputs[0]).is_dir():  # which names nothing twice
        yield from map(_in_utf8, _of(os.fspath(inputs[0])))
        return
    with Seen() as seen:
        for one in inputs:
            yield from (_in_utf8(entry) for entry in _of(os.fspath(one)) if seen.is_new(entry.path))


def absolute(path: str | os.PathLike[str]) -> str:
    """The path from the root, without ``..``; links are not resolved: pictures keep the names they were given by."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links, absolute() keeps ".."


def _of(one: str) -> Iterable[Entry]:
    if addresses.is_address(one):
        return map(Entry, addresses.pictures_below(one))
    path = checked_path(one, "a folder, a list or a picture")
    if path.is_dir():
        return _of_folder(path)
    if path.exists():
        return _of_list(path) if path_list.is_list(path) else [Entry(absolute(path))]
    if glob.has_magic(one):
        return _of_pattern(one)
    raise DataError(f"{one}: no such file or folder; expected pictures, folders, patterns or lists of them")


def _of_folder(folder: Path) -> Iterator[Entry]:
    for found in pictures_below(Path(absolute(folder))):
        if isinstance(found, Skip):
            if found.reason != ASIDE:
                yield Entry(found.path, found.reason)
        else:
            yield Entry(str(found))


def _of_pattern(pattern: str) -> Iterator[Entry]:
    found = in_order(glob.iglob(pattern, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
    if (first := next(found, None)) is None:
        raise DataError(f"{pattern}: matches nothing; expected pictures, folders, patterns or lists of them")
    for one in itertools.chain([first], found):
        path = Path(one)
        if path.is_dir():
            if not pattern.endswith("**"):  # which names each folder and all that is in it
                yield from _of_folder(path)
        elif is_picture_name(path.name):
            yield Entry(absolute(one))


def _of_list(path: Path) -> Iterator[Entry]:
    folder = Path(absolute(path)).parent
    checked: set[str] = set()
    for line in path_list.listed(path):
        text = line.text
        if line.problem:
            yield Entry(f"{folder}/{text}", line.problem)
        elif addresses.is_address(text):
            store = text.partition("://")[0]
            if store not in checked:
                addresses.check_store(text)
                checked.add(store)
            yield Entry(text)
        else:
            yield Entry(absolute(f"{folder}/{text}" if not text.startswith("/") else text))


def _in_utf8(entry: Entry) -> Entry:
    try:
        entry.path.encode()
    except UnicodeEncodeError:
        shown = entry.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return Entry(printable(shown), _NOT_UTF8)
    return entry
