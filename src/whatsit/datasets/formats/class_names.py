"""The names of numbered classes, where a list or folders give only numbers and another file says what they mean."""

import csv
import io
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from whatsit.datasets.formats.claims import can_mean_nothing
from whatsit.datasets.formats.json_text import parsed_json
from whatsit.datasets.formats.list_text import list_text
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.lists import of_the_whole
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.label import RESERVED
from whatsit.datasets.skip import Skip
from whatsit.errors import DataError, SourceError
from whatsit.imaging.picture_format import is_picture_name
from whatsit.tflite.label_file import NumberedLabels, labels_in, numbered_labels
from whatsit.tflite.label_yaml import class_labels_in_yaml, names_in_yaml

_NUMBER = re.compile(r"(\d{1,9})(?:\.0+)?")
_HINTS = re.compile(r"class|label|categor|name|species|breed|dict|map|index|id2|2id|_to_|synset|legend|key")
_ENDINGS = (".json", ".txt", ".csv", ".tsv", ".yaml", ".yml", ".md", ".names", ".labels", ".pbtxt")
_MAX_FILES = 16
_MAX_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class _Names:
    path: str
    names: Mapping[int, str]
    are_numbered: bool

    def fitted(self, numbers: set[int], *, to_all: bool) -> Mapping[int, str] | None:
        """The names by the pictures' numbers; None where they cannot be of these classes.

        Args:
            numbers: those of the pictures.
            to_all: names without numbers have to be as many as the pictures' classes.
        """
        count = len(self.names)
        if not self.are_numbered and to_all and len(numbers) != count:
            return None
        names = {number + self.first(numbers): name for number, name in self.names.items()}
        return names if numbers <= names.keys() else None

    def first(self, numbers: set[int]) -> int:
        """What names without numbers are counted from: 1 where the last one is the pictures' highest number."""
        return int(not self.are_numbered and 0 not in numbers and max(numbers) == len(self.names))


def in_words(source: Source, contents: Contents, listing: Listing, are_folders: bool) -> Listing:
    """The same pictures under the names of their classes, where all labels are numbers and a file beside them names
    those.

    Args:
        source: where the file is read from.
        contents: what the source holds.
        listing: the pictures.
        are_folders: the labels are names of folders, which can be numbers for their own sake.

    Raises:
        SourceError: two files name a class differently.
    """
    labels = {item.label for item in listing.items if item.label not in RESERVED and not can_mean_nothing(item.label)}
    matches = {label: _NUMBER.fullmatch(label) for label in labels}
    numbers = {label: int(match[1]) for label, match in matches.items() if match}
    if not labels or len(numbers) < len(labels) or listing.is_flat:
        return listing
    fitting: list[tuple[_Names, Mapping[int, str]]] = []
    notes: list[Skip] = []
    for found in _files(source, contents):
        if labels <= {*found.names.values()}:  # it lists the numbers themselves
            continue
        fitted = found.fitted({*numbers.values()}, to_all=are_folders)
        if fitted is not None:
            fitting.append((found, fitted))
        elif not are_folders:
            few = f"it names {len(found.names):,} classes, and not all numbers of the pictures; it was not used"
            notes.append(Skip(found.path, few))
    if not fitting:
        said = "" if are_folders or len(labels) < 2 else "; no file beside it names its numbers"
        return replace(listing, notes=(*listing.notes, *notes), read_as=listing.read_as + said)
    file, names = fitting[0]
    for other, others in fitting[1:]:
        for number in sorted({*numbers.values()}):
            if names[number] != others[number]:
                raise SourceError(
                    f"{other.path}: names class {number} {others[number]!r}, and {file.path} {names[number]!r}; "
                    "keep one of them"
                )
    items = tuple(
        replace(item, label=names[numbers[item.label]] or item.label) if item.label in numbers else item
        for item in listing.items
    )
    used = {one.path for one, _ in fitting}
    counted = "" if file.are_numbered else f", counted from {file.first({*numbers.values()})}"
    return replace(
        listing,
        items=items,
        skips=tuple(skip for skip in listing.skips if skip.path not in used),
        notes=(*listing.notes, *notes),
        read_as=f"{listing.read_as}; {file.path} names its numbers{counted}",
    )


def _files(source: Source, contents: Contents) -> Iterator[_Names]:
    candidates = [
        path for path in contents.paths if path.casefold().endswith(_ENDINGS) and not contents.is_picture(path)
    ]
    for path in of_the_whole(contents, candidates)[: 4 * _MAX_FILES]:
        stem, ending = posixpath.splitext(posixpath.basename(path).casefold())
        is_hinted = _HINTS.search(stem) is not None
        if not is_hinted and ending in (".txt", ".csv", ".tsv"):
            continue
        try:
            content = source.read(path)
            if len(content) > _MAX_BYTES:
                continue
            found = _names(content, path, ending, is_hinted)
        except (DataError, SourceError):
            continue
        if found is not None and found.names and not _are_of_something_else(found.names.values()):
            yield found


def _names(content: bytes, path: str, ending: str, is_hinted: bool) -> _Names | None:
    if ending == ".json":
        document = parsed_json(content, path)
        if labels := _class_labels(document):
            return _of_column(path, labels)
        is_telling = isinstance(document, dict) and {"names", "classes", "class_names", "categories", "id2label"} & {
            *document
        }
        found = labels_in(document, path) if is_hinted or is_telling else None
    elif ending in (".yaml", ".yml", ".md"):
        text = _front_matter(list_text(content, path)) if ending == ".md" else list_text(content, path)
        if labels := class_labels_in_yaml(text):
            return _of_column(path, labels)
        read = names_in_yaml(text)
        found = None if read is None else NumberedLabels(*read)
    elif ending in (".csv", ".tsv"):
        found = _of_table(list_text(content, path))
    else:
        found = numbered_labels(content, path, gaps=True)
    return None if found is None else _Names(path, found.names, found.are_numbered)


def _are_of_something_else(names: Collection[str]) -> bool:
    """True for lists of pictures, of numbers, and for prose."""
    return (
        any(is_picture_name(name) or len(name) > 64 for name in names)
        or all(_NUMBER.fullmatch(name) for name in names)
        or not any(names)
    )


def _class_labels(document: Any) -> dict[str, dict[int, str]]:
    """Names of Hugging Face's ``ClassLabel`` by column, in ``dataset_info.json`` and ``dataset_infos.json``."""
    waiting: list[tuple[str, Any]] = [("", document)]
    found: dict[str, dict[int, str]] = {}
    while waiting:
        column, value = waiting.pop()
        if isinstance(value, dict):
            names = value.get("names")
            if value.get("_type") == "ClassLabel" and isinstance(names, list):
                if all(isinstance(name, str) for name in names):
                    found.setdefault(column, dict(enumerate(name.strip() for name in names)))
            else:
                waiting += value.items()
    return found


def _of_column(path: str, labels: Mapping[str, dict[int, str]]) -> _Names | None:
    """The names of the column of labels; of several columns, the one that is called so."""
    if all(names == next(iter(labels.values())) for names in labels.values()):
        return _Names(path, next(iter(labels.values())), True)
    usual = next((column for column in ("label", "labels", "class", "category", "target") if column in labels), None)
    return None if usual is None else _Names(path, labels[usual], True)


def _front_matter(text: str) -> str:
    """The YAML that begins a data card."""
    return text[4:].partition("\n---")[0] if text.startswith("---\n") else ""


def _of_table(text: str) -> NumberedLabels | None:
    """``class_id,name`` and the like: one column of different numbers, and the first of names."""
    first = text.split("\n", 1)[0]
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)) if row]
    except csv.Error:
        return None
    if len(rows) < 2 or len({len(row) for row in rows}) != 1:
        return None
    body = rows if _NUMBER.fullmatch(rows[0][0].strip()) else rows[1:]
    columns = [[cell.strip() for cell in column] for column in zip(*body, strict=True)]
    numbers = [column for column in columns if all(map(_NUMBER.fullmatch, column)) and len({*column}) == len(column)]
    words = [column for column in columns if not any(map(_NUMBER.fullmatch, column)) and len({*column}) == len(column)]
    if not numbers or not words:
        return None
    return NumberedLabels({int(float(n)): name for n, name in zip(numbers[0], words[0], strict=True)}, True)
