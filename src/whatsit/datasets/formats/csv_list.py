"""A CSV file of path and label, and a split where it has one; the pictures lie beside it."""

import csv
import io
import posixpath
import re
from collections.abc import Iterable, Iterator

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.class_folders import is_picture_name
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.list_text import guessed_text, list_text
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.source import Contents, Skip, Source
from whatsit.datasets.formats.wrapping import wrapping
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.split import split_named
from whatsit.errors import SourceError

LIST_FILE = "labels.csv"
ALONE = "a list without its pictures; zip it with them, or choose the folder that holds both"
ENDINGS = (".csv", ".tsv")
# Without case, spaces and marks: "Image_Name" and "image name" are one.
_COLUMNS = {
    "path": (
        "path", "filepath", "filepaths", "file", "filename", "filenames", "imagepath", "imagefile", "imagename",
        "imagefilename", "image", "images", "imgpath", "imgname", "img", "picture", "photo",
    ),
    "label": ("label", "labels", "labelname", "class", "classname", "classes", "category", "categoryname", "target"),
    "split": ("split", "subset", "set", "partition", "dataset"),
}  # fmt: skip
_Rows = list[tuple[int, dict[str, str]]]


def listing(source: Source, contents: Contents, list_path: str) -> Listing:
    """What the list says; pictures it does not name stay away.

    The first line may name the columns (``path,label,split``); without names they come in this order. Comma,
    semicolon or tab may separate them. Paths are relative to the list and cannot leave the folder.

    Raises:
        SourceError: not text in UTF-8 or UTF-16, not a CSV file, or no pictures named in it.
    """
    rows, columns = _rows(list_text(source.read(list_path), list_path), list_path)
    there = set(contents.paths) - {list_path}
    alone, by_name = _by_name(there), 0
    found: dict[str, Item] = {}
    skips: list[Skip] = []
    notes: list[Skip] = []
    if "label" not in columns:
        notes.append(Skip(list_path, "no column of labels, such as label or class; its pictures have none"))
    for line, cells in rows:
        path = cells["path"]
        place = _place(list_path, path)
        if place not in there and (found_place := alone.get(posixpath.basename(place))):
            place, by_name = found_place, by_name + 1
        if place not in there:
            skips.append(Skip(path, f"named in {list_path} and not in its folder"))
            continue
        if not is_picture_name(place):
            skips.append(Skip(place, "not a picture file"))
            continue
        word = cells.get("split", "")
        item = Item(place, cells.get("label", "") or UNLABELLED, split_named(word))
        if word and item.split is None:
            notes.append(Skip(place, f"split {word!r}: expected train, validation or test; decided by whatsit's rule"))
        first = found.setdefault(place, item)
        if first != item:
            what = repr(item.label) if first.label != item.label else f"split {word!r}"
            notes.append(Skip(place, f"named twice in {list_path}; {what} of line {line} was not taken"))
    if by_name:
        notes.append(Skip(list_path, f"{by_name:,} of its paths are elsewhere; found here by their names alone"))
    return Listing(tuple(found[path] for path in sorted(found)), tuple(skips), tuple(notes))


def _by_name(paths: Iterable[str]) -> dict[str, str]:
    """Pictures by the last part of their path, where no other is called so."""
    named: dict[str, list[str]] = {}
    for path in paths:
        if is_picture_name(path):
            named.setdefault(posixpath.basename(path), []).append(path)
    return {name: places[0] for name, places in named.items() if len(places) == 1}


def unnamed(contents: Contents, listed: Listing, list_path: str) -> list[Skip]:
    """What lies beside the list and is not in it."""
    named = {list_path, *(item.path for item in listed.items), *(skip.path for skip in listed.skips)}
    return [Skip(path, f"not named in {list_path}") for path in sorted(set(contents.paths) - named)]


def find_list(source: Source, contents: Contents) -> str | None:
    """The list of a source that brings one: ``labels.csv`` at its top, or else the only list there, whatever
    it is called, where most of its rows name pictures of the source and their labels."""
    for folder in wrapping(contents):
        lists = [path for path in lists_in(contents) if posixpath.dirname(path) == folder]
        if (usual := posixpath.join(folder, LIST_FILE)) in lists:
            return usual
        if len(lists) == 1 and _names_pictures(source, contents, lists[0]):
            return lists[0]
    return None


def lists_in(contents: Contents) -> list[str]:
    """Everything that is called as a list may be."""
    return [path for path in contents.paths if path.lower().endswith(ENDINGS)]


def _names_pictures(source: Source, contents: Contents, list_path: str) -> bool:
    try:
        rows, columns = _rows(guessed_text(source.read(list_path)), list_path)
    except SourceError:
        return False
    there = {path for path in contents.paths if is_picture_name(path)}
    named = sum(_place(list_path, cells["path"]) in there for _, cells in rows)
    return "label" in columns and 2 * named > len(rows)


def _place(list_path: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(list_path), path.replace("\\", "/")))


def _rows(text: str, list_path: str) -> tuple[_Rows, dict[str, int]]:
    lines = list(_lines(text, list_path))
    columns = _columns(lines[0][1]) if lines else {}
    if columns:
        del lines[0]
    elif any(is_picture_name(cells[0]) for _, cells in lines):
        width = max(len(cells) for _, cells in lines)
        columns = {name: at for at, name in enumerate(_COLUMNS) if at < width}
    else:
        problem = "no column of paths" if lines else "empty"
        raise SourceError(f"{list_path}: {problem}; expected a first line path,label,split and a line a picture")
    rows = [
        (line, {name: cells[at] for name, at in columns.items() if at < len(cells)})
        for line, cells in lines
        if columns["path"] < len(cells) and cells[columns["path"]]
    ]
    if not rows:
        raise SourceError(f"{list_path}: names no pictures; expected a line a picture below the first")
    return rows, columns


def _lines(text: str, list_path: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), _dialect(text))
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise SourceError(f"{list_path}, line {reader.line_num}: not CSV: {error}; save it anew as CSV") from error


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]

    class Separated(csv.excel):
        delimiter = max(",;\t", key=first.count) if any(map(first.count, ",;\t")) else ","

    return Separated


def _columns(first: list[str]) -> dict[str, int]:
    heads = [re.sub(r"[\s_-]", "", cell.casefold()) for cell in first]
    named = {name: next((heads.index(word) for word in words if word in heads), -1) for name, words in _COLUMNS.items()}
    return {name: at for name, at in named.items() if at >= 0} if named["path"] >= 0 else {}


def entries(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``<label>/<file>`` and ``labels.csv``; a picture without a label has an empty one."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("path", "label", "split"))
    for picture in pictures:
        rows.writerow((picture.key, "" if picture.label == UNLABELLED else picture.label, picture.split.value))
        yield Entry(picture.key, picture.path)
    yield Entry(LIST_FILE, content=text.getvalue().encode())
