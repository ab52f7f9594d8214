"""A CSV file of path and label, and a split where it has one; the pictures lie beside it."""

import csv
import posixpath
from pathlib import PurePosixPath

from whatsit.errors import DataError
from whatsit.importers.class_folders import is_picture_name
from whatsit.importers.item import Item
from whatsit.importers.source import Contents, Skip, Source
from whatsit.label import UNLABELLED
from whatsit.split import split_named

LIST_FILE = "labels.csv"
_PATH = ("path", "file", "filename", "file_name", "image", "picture")
_LABEL = ("label", "class", "category", "target")
_SPLIT = ("split", "subset", "set", "partition")


def items(source: Source, contents: Contents, list_path: str) -> tuple[list[Item], list[Skip]]:
    """What the list says; pictures it does not name stay away.

    The first line may name the columns (``path,label,split``); without names they come in this order. Comma,
    semicolon or tab may separate them. Paths are relative to the list and cannot leave the folder.

    Raises:
        DataError: the list cannot be read.
    """
    text = source.read(list_path).decode("utf-8-sig", errors="replace")
    try:
        rows = list(csv.reader(text.splitlines(), _dialect(text)))
    except csv.Error as error:
        raise DataError(f"{list_path}: not a CSV file: {error}") from error
    columns, rows = _columns(rows)
    folder = posixpath.dirname(list_path)
    there = set(contents.paths) - {list_path}
    found: dict[str, Item] = {}
    skips: list[Skip] = []
    for row in rows:
        cells = {name: row[at].strip() for name, at in columns.items() if at < len(row)}
        path = cells.get("path", "").replace("\\", "/")
        if not path:
            continue
        place = posixpath.normpath(posixpath.join(folder, path))
        if place not in there:
            skips.append(Skip(path, f"named in {list_path} and not in its folder"))
        elif not is_picture_name(place):
            skips.append(Skip(place, "not a picture file"))
        else:
            split = split_named(cells.get("split", ""))
            found[place] = Item(place, cells.get("label", "") or UNLABELLED, split)
    unnamed = there - {*found, *(skip.path for skip in skips)}
    skips += [Skip(path, f"not named in {list_path}") for path in sorted(unnamed)]
    return [found[path] for path in sorted(found)], skips


def find_list(contents: Contents) -> str | None:
    """The list of a source that brings one: ``labels.csv`` at its top."""
    top = [path for path in contents.paths if PurePosixPath(path).name == LIST_FILE]
    return min(top, key=lambda path: path.count("/"), default=None)


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]

    class Separated(csv.excel):
        delimiter = max(",;\t", key=first.count) if any(map(first.count, ",;\t")) else ","

    return Separated


def _columns(rows: list[list[str]]) -> tuple[dict[str, int], list[list[str]]]:
    if rows:
        heads = [cell.strip().casefold() for cell in rows[0]]
        named = {
            name: next((heads.index(word) for word in words if word in heads), -1)
            for name, words in (("path", _PATH), ("label", _LABEL), ("split", _SPLIT))
        }
        if named["path"] >= 0:
            return {name: at for name, at in named.items() if at >= 0}, rows[1:]
    return {"path": 0, "label": 1, "split": 2}, rows
