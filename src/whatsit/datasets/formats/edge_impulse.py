"""Edge Impulse's exporter format: pictures beside ``info.labels``, as one JSON document or one JSON object a line."""

import json
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.class_folders import is_picture_name
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.list_text import list_text
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.source import Contents, Skip, Source
from whatsit.datasets.formats.wrapping import wrapping
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.split import Split, split_named
from whatsit.errors import SourceError

LABELS_FILE = "info.labels"
SPLIT_KEY = "whatsit_split"
"""Metadata that carries the validation split, which Edge Impulse does not have."""
_EXPECTED = 'names no pictures; expected {"version": 1, "files": [{"path": …, "label": …}, …]}; export it again'
_BROKEN = object()
_CATEGORIES = {"training": Split.TRAINING, "testing": Split.TEST}


def find_lists(contents: Contents) -> list[str]:
    """The labels files of an export: at its top, or in the split folders there."""
    tops = wrapping(contents)

    def at_top(folder: str) -> bool:
        above, name = posixpath.split(folder)
        return folder in tops or (above in tops and split_named(name) is not None)

    lists = [path for path in contents.paths if PurePosixPath(path).name == LABELS_FILE]
    return [path for path in lists if at_top(posixpath.dirname(path))]


def listing(source: Source, contents: Contents, lists: list[str]) -> Listing:
    """What the labels files say. See Edge Impulse's "labels acquisition format", version 1.

    Raises:
        SourceError: a labels file that is not JSON, or has no list of files; or none of them names a picture.
    """
    there = set(contents.paths) - set(lists)
    found: dict[str, Item] = {}
    skips: list[Skip] = []
    for list_path in sorted(lists, key=lambda path: (path.count("/"), path)):
        folder = PurePosixPath(list_path).parent
        for entry in _entries(source.read(list_path), list_path, skips):
            path = str(entry["path"])
            place = str(folder / path)
            if place in found:
                continue
            if place not in there:
                skips.append(Skip(path or list_path, f"named in {list_path} and not there"))
            elif not is_picture_name(place):
                skips.append(Skip(place, "not a picture file"))
            else:
                _sort(entry, place, found, skips)
    if not found and not skips:
        raise SourceError(f"{lists[0]}: {_EXPECTED}")
    mentioned = {*found, *(skip.path for skip in skips)}
    skips += [
        Skip(path, "not named in info.labels" if is_picture_name(path) else "not a picture file")
        for path in sorted(there - mentioned)
    ]
    return Listing(tuple(found[path] for path in sorted(found)), tuple(skips))


def _sort(entry: dict[str, Any], place: str, found: dict[str, Item], skips: list[Skip]) -> None:
    label = _label(entry)
    if label is None:
        skips.append(Skip(place, "has several labels; whatsit keeps one a picture"))
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
        raise SourceError(f"{path}, line {broken[0]}: neither JSON nor one JSON object a line; export it again")
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
    return UNLABELLED


def _split(entry: dict[str, Any]) -> Split | None:
    metadata = entry.get("metadata")
    if isinstance(metadata, dict) and metadata.get(SPLIT_KEY) in list(Split):
        return Split(metadata[SPLIT_KEY])
    return _CATEGORIES.get(str(entry.get("category", "")))


def entries(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``training/`` and ``testing/``; validation is a part of training there, and metadata remembers it."""
    listed: list[dict[str, Any]] = []
    taken: set[str] = set()
    for picture in pictures:
        category = "testing" if picture.split is Split.TEST else "training"
        folder, name = picture.key.split("/", 1)
        path = f"{category}/{folder}.{name}"
        if path.casefold() in taken:  # "a" with "b.c.jpg" and "a.b" with "c.jpg" join alike
            path = f"{category}/{picture.hash}.{folder}.{name}"
        taken.add(path.casefold())
        unnamed = picture.label == UNLABELLED
        label = {"type": "unlabeled"} if unnamed else {"type": "label", "label": picture.label}
        listed.append(
            {
                "path": path,
                "name": name,
                "category": category,
                "label": label,
                "metadata": {SPLIT_KEY: picture.split.value},
            }
        )
        yield Entry(path, picture.path)
    document = {"version": 1, "files": listed}
    yield Entry(LABELS_FILE, content=json.dumps(document, ensure_ascii=False, indent=1).encode())
