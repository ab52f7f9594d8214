"""Edge Impulse exports: pictures beside ``info.labels``, as one JSON document or one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from whatsit.errors import DataError
from whatsit.importers.class_folders import is_picture_name
from whatsit.importers.item import Item
from whatsit.importers.source import Contents, Skip, Source
from whatsit.label import UNLABELLED
from whatsit.split import Split

LABELS_FILE = "info.labels"
SPLIT_KEY = "whatsit_split"
"""Metadata that carries the validation split, which Edge Impulse does not have."""
_CATEGORIES = {"training": Split.TRAINING, "testing": Split.TEST}


def is_edge_impulse(contents: Contents) -> bool:
    """True where some folder of the source has the labels file."""
    return any(PurePosixPath(path).name == LABELS_FILE for path in contents.paths)


def items(source: Source, contents: Contents) -> tuple[list[Item], list[Skip]]:
    """What the labels files say. See Edge Impulse's "labels acquisition format", version 1.

    Raises:
        DataError: a labels file that is not JSON.
    """
    lists = [path for path in contents.paths if PurePosixPath(path).name == LABELS_FILE]
    there = set(contents.paths) - set(lists)
    found: dict[str, Item] = {}
    skips: list[Skip] = []
    for list_path in sorted(lists, key=lambda path: (path.count("/"), path)):
        folder = PurePosixPath(list_path).parent
        for entry in _entries(source.read(list_path), list_path):
            path = str(entry.get("path", ""))
            place = str(folder / path)
            if place in found:
                continue
            if place not in there:
                skips.append(Skip(path or list_path, f"named in {list_path} and not there"))
            elif not is_picture_name(place):
                skips.append(Skip(place, "not a picture file"))
            else:
                _sort(entry, place, found, skips)
    mentioned = {*found, *(skip.path for skip in skips)}
    skips += [
        Skip(path, "not named in info.labels" if is_picture_name(path) else "not a picture file")
        for path in sorted(there - mentioned)
    ]
    return [found[path] for path in sorted(found)], skips


def _sort(entry: dict[str, Any], place: str, found: dict[str, Item], skips: list[Skip]) -> None:
    label = _label(entry)
    if label is None:
        skips.append(Skip(place, "has several labels; whatsit keeps one a picture"))
        return
    name = str(entry.get("name") or "")
    if PurePosixPath(name).suffix.lower() != PurePosixPath(place).suffix.lower():
        name = ""
    found[place] = Item(place, label, _split(entry), name)


def _entries(content: bytes, path: str) -> Iterator[dict[str, Any]]:
    text = content.decode("utf-8-sig", errors="replace")
    try:
        documents = [json.loads(text)]
    except ValueError:
        try:
            documents = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise DataError(f"{path}: neither JSON nor one JSON object a line: {error}") from error
    except RecursionError as error:
        raise DataError(f"{path}: JSON nested too deeply") from error
    for document in documents:
        listed = document.get("files", [document]) if isinstance(document, dict) else document
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict) and "path" in entry:
                yield entry


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
