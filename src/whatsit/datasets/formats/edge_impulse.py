"""Edge Impulse's exporter format: pictures beside ``info.labels`` ("labels acquisition format", version 1), one JSON
document or one JSON object per line."""

import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.list_cost import check_list
from whatsit.datasets.formats.list_text import list_text
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing, not_listed
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import wrapping
from whatsit.datasets.label import RESERVED, STRANGERS, UNLABELLED
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split, split_named
from whatsit.errors import SourceError

LABELS_FILE = "info.labels"
SPLIT_KEY = "whatsit_split"
"""Metadata that carries the validation split, which Edge Impulse does not have."""
STRANGER_KEY = "whatsit_stranger"
"""Metadata that marks a picture of none of the classes, which Edge Impulse does not have."""
_EXPECTED = 'names no pictures; expected {"version": 1, "files": [{"path": …, "label": …}, …]}; export it again'
_BROKEN = object()
_CATEGORIES = {"training": Split.TRAINING, "testing": Split.TEST}


def read(source: Source, contents: Contents) -> Listing | None:
    """What the labels files of an export say, at its top or in the split folders there; None where there are none."""
    lists = _labels_files(contents)
    if not lists:
        return None
    listing = _listing(source, contents, lists)
    return replace(listing, skips=(*listing.skips, *not_listed(contents, listing, lists, LABELS_FILE)))


def read_list(source: Source, contents: Contents, list_path: str) -> Listing:
    """What one labels file says. Files that it does not name are not mentioned.

    Raises:
        SourceError: not JSON, no list of files, or none of them is a picture.
    """
    return _listing(source, contents, [list_path])


def write(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``training/`` and ``testing/``; validation pictures are in training there, and metadata keeps their split."""
    listed: list[dict[str, Any]] = []
    taken: set[str] = set()
    for picture in pictures:
        category = "testing" if picture.split is Split.TEST else "training"
        folder, name = picture.key.split("/", 1)
        path = f"{category}/{folder}.{name}"
        if path.casefold() in taken:  # "a" with "b.c.jpg" and "a.b" with "c.jpg" join alike
            path = f"{category}/{picture.hash}.{folder}.{name}"
        taken.add(path.casefold())
        is_unlabelled = picture.label in RESERVED
        label = {"type": "unlabeled"} if is_unlabelled else {"type": "label", "label": picture.label}
        metadata = {SPLIT_KEY: picture.split.value}
        if picture.label == STRANGERS:
            metadata[STRANGER_KEY] = "yes"
        listed.append({"path": path, "name": name, "category": category, "label": label, "metadata": metadata})
        yield Entry(path, picture.path)
    document = {"version": 1, "files": listed}
    yield Entry(LABELS_FILE, content=json.dumps(document, ensure_ascii=False, indent=1).encode())


def _labels_files(contents: Contents) -> list[str]:
    tops = wrapping(contents)

    def is_at_top(folder: str) -> bool:
        above, name = posixpath.split(folder)
        return folder in tops or (above in tops and split_named(name) is not None)

    found = [path for path in contents.paths if PurePosixPath(path).name == LABELS_FILE]
    return sorted(
        (path for path in found if is_at_top(posixpath.dirname(path))), key=lambda path: (path.count("/"), path)
    )


def _listing(source: Source, contents: Contents, lists: list[str]) -> Listing:
    there = set(contents.paths) - set(lists)
    found: dict[str, Item] = {}
    skips: list[Skip] = []
    cost = 0
    for list_path in lists:
        folder = PurePosixPath(list_path).parent
        content = source.read(list_path)
        cost = check_list(content, list_path, cost)
        for entry in _entries(content, list_path, skips):
            path = str(entry["path"])
            place = str(folder / path)
            if place in found:
                continue
            if place not in there:
                skips.append(Skip(path or list_path, f"named in {list_path} and not there"))
            elif not contents.is_picture(place):
                skips.append(Skip(place, NOT_A_PICTURE))
            else:
                _take(entry, place, found, skips)
    if not found and not skips:
        raise SourceError(f"{lists[0]}: {_EXPECTED}")
    return Listing(tuple(found[path] for path in sorted(found)), tuple(skips))


def _take(entry: dict[str, Any], place: str, found: dict[str, Item], skips: list[Skip]) -> None:
    label = _label(entry)
    if label is None:
        skips.append(Skip(place, "has several labels; whatsit keeps one per picture"))
        return
    name = str(entry.get("name") or "")
    if PurePosixPath(name).suffix.lower() != PurePosixPath(place).suffix.lower():
        name = ""
    found[place] = Item(place, label, _split(entry), name)


def _entries(content: bytes, path: str, skips: list[Skip]) -> list[dict[str, Any]]:
    text = list_text(content, path, torn=True)
    document = _parsed(text)
    if document is _BROKEN:
        return _line_entries(text, path, skips)
    listed = document.get("files", [document]) if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise SourceError(f"{path}: {_EXPECTED}")
    return _with_path(listed, path, skips)


def _line_entries(text: str, path: str, skips: list[Skip]) -> list[dict[str, Any]]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    entries = [(number, _parsed(line)) for number, line in lines]
    broken = [number for number, entry in entries if entry is _BROKEN]
    if len(entries) > 1 and broken == [entries[-1][0]]:
        skips.append(Skip(path, f"line {broken[0]} is torn off; the lines before it were taken"))
    elif broken:
        raise SourceError(f"{path}, line {broken[0]}: neither JSON nor one JSON object per line; export it again")
    # The first line may be {"version": 1}, which names nothing.
    listed = [entry for _, entry in entries if entry is not _BROKEN and entry != {"version": 1}]
    return _with_path(listed, path, skips)


def _with_path(listed: list[Any], path: str, skips: list[Skip]) -> list[dict[str, Any]]:
    whole = [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("path"), str)]
    if len(whole) < len(listed) and whole:
        skips.append(Skip(path, f"entries without a path: {len(listed) - len(whole):,}"))
    return whole


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _BROKEN


def _label(entry: dict[str, Any]) -> str | None:
    label = entry.get("label")
    if isinstance(label, str):
        return label.strip() or UNLABELLED
    kind = label.get("type") if isinstance(label, dict) else None
    if kind == "label" and isinstance(label, dict):
        return str(label.get("label", "")).strip() or UNLABELLED
    boxes = entry.get("boundingBoxes")
    if isinstance(boxes, list) and boxes:
        named = {str(box.get("label")) for box in boxes if isinstance(box, dict)}
        return named.pop() if len(named) == 1 else None
    if kind in ("multi-label", "keyvalue-labels"):
        return None
    metadata = entry.get("metadata")
    return STRANGERS if isinstance(metadata, dict) and STRANGER_KEY in metadata else UNLABELLED


def _split(entry: dict[str, Any]) -> Split | None:
    metadata = entry.get("metadata")
    if isinstance(metadata, dict) and metadata.get(SPLIT_KEY) in list(Split):
        return Split(metadata[SPLIT_KEY])
    return _CATEGORIES.get(str(entry.get("category", "")))


FORMAT = Format(
    name="edge-impulse",
    title="Edge Impulse",
    about="training|testing/<file> and info.labels",
    splits="training, test; an export of whatsit keeps validation too",
    read=read,
    write=write,
    precedence=10,
    list_endings=(".labels",),
    read_list=read_list,
    notes=("A picture with several labels is left out.",),
)
