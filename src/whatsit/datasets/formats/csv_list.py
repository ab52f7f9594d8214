"""A CSV list: ``labels.csv`` of path, label and split, with the pictures beside it."""

import csv
import io
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.folder_tree import is_picture_name
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.list_text import guessed_text, list_text
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing, not_listed
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import wrapping
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import split_named
from whatsit.errors import SourceError

LIST_FILE = "labels.csv"
_ENDINGS = (".csv", ".tsv")
_ALONE = "a list without its pictures; zip it with them, or choose the folder that holds both"
# In lower case, without spaces and marks: "Image_Name" and "image name" are one.
_COLUMNS = {
    "path": (
        "path", "filepath", "filepaths", "file", "filename", "filenames", "imagepath", "imagefile", "imagename",
        "imagefilename", "image", "images", "imgpath", "imgname", "img", "picture", "photo",
    ),
    "label": ("label", "labels", "labelname", "class", "classname", "classes", "category", "categoryname", "target"),
    "split": ("split", "subset", "set", "partition", "dataset"),
}  # fmt: skip
_Rows = list[tuple[int, dict[str, str]]]


def read(source: Source, contents: Contents) -> Listing | None:
    """What the list of a source says; None where it has none.

    A list is ``labels.csv`` in a folder that holds all pictures, or else the only list there, whatever it is called,
    where most of its rows name pictures of the source and their labels.
    """
    lists = [path for path in contents.paths if path.lower().endswith(_ENDINGS)]
    if lists and not any(map(is_picture_name, contents.paths)):
        others = [Skip(path, NOT_A_PICTURE) for path in contents.paths if path not in lists]
        return Listing(skips=(*(Skip(path, _ALONE) for path in lists), *others))
    for folder in wrapping(contents):
        here = [path for path in lists if posixpath.dirname(path) == folder]
        usual = posixpath.join(folder, LIST_FILE)
        if usual in here or (len(here) == 1 and _names_pictures(source, contents, here[0])):
            chosen = usual if usual in here else here[0]
            listing = read_list(source, contents, chosen)
            return replace(listing, skips=(*listing.skips, *not_listed(contents, listing, [chosen], chosen)))
    return None


def read_list(source: Source, contents: Contents, list_path: str) -> Listing:
    """What one list says. Files that it does not name are not mentioned.

    The first line may name the columns, such as ``path,label,split``; without names they come in this order. They are
    separated by commas, semicolons or tabs. Paths are relative to the list and cannot leave the source. A path that
    leads nowhere finds the only picture of its name, so that lists of another machine can be used.

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
        place = _place(list_path, cells["path"])
        if place not in there and (only := alone.get(posixpath.basename(place))):
            place, by_name = only, by_name + 1
        if place not in there:
            skips.append(Skip(cells["path"], f"named in {list_path} and not in its folder"))
        elif not is_picture_name(place):
            skips.append(Skip(place, NOT_A_PICTURE))
        else:
            word = cells.get("split", "")
            item = Item(place, cells.get("label", "") or UNLABELLED, split_named(word))
            if word and item.split is None:
                notes.append(
                    Skip(place, f"split {word!r}: expected train, validation or test; decided by whatsit's rule")
                )
            if (first := found.setdefault(place, item)) != item:
                what = repr(item.label) if first.label != item.label else f"split {word!r}"
                notes.append(Skip(place, f"named twice in {list_path}; {what} of line {line} was not taken"))
    if by_name:
        notes.append(Skip(list_path, f"{by_name:,} of its paths lead nowhere; found by file name alone"))
    return Listing(tuple(found[path] for path in sorted(found)), tuple(skips), tuple(notes))


def write(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``<label>/<file>`` and ``labels.csv``; the label of an unlabelled picture is empty."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("path", "label", "split"))
    for picture in pictures:
        rows.writerow((picture.key, "" if picture.label == UNLABELLED else picture.label, picture.split.value))
        yield Entry(picture.key, picture.path)
    yield Entry(LIST_FILE, content=text.getvalue().encode())


def _by_name(paths: Iterable[str]) -> dict[str, str]:
    """Pictures by file name, where only one has it."""
    named: dict[str, list[str]] = {}
    for path in paths:
        if is_picture_name(path):
            named.setdefault(posixpath.basename(path), []).append(path)
    return {name: places[0] for name, places in named.items() if len(places) == 1}


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
        raise SourceError(f"{list_path}: {problem}; expected a first line path,label,split and one line per picture")
    rows = [
        (line, {name: cells[at] for name, at in columns.items() if at < len(cells)})
        for line, cells in lines
        if columns["path"] < len(cells) and cells[columns["path"]]
    ]
    if not rows:
        raise SourceError(f"{list_path}: names no pictures; expected one line per picture below the first")
    return rows, columns


def _lines(text: str, list_path: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), _dialect(text))
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise SourceError(f"{list_path}, line {reader.line_num}: not CSV: {error}; save it as CSV again") from error


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]

    class Separated(csv.excel):
        delimiter = max(",;\t", key=first.count) if any(map(first.count, ",;\t")) else ","

    return Separated


def _columns(first: list[str]) -> dict[str, int]:
    heads = [re.sub(r"[\s_-]", "", cell.casefold()) for cell in first]
    named = {name: next((heads.index(word) for word in words if word in heads), -1) for name, words in _COLUMNS.items()}
    return {name: at for name, at in named.items() if at >= 0} if named["path"] >= 0 else {}


FORMAT = Format(
    name="csv",
    title="CSV list",
    about="<label>/<file> and labels.csv of path, label, split",
    splits="training, validation, test, where the list has them",
    read=read,
    write=write,
    precedence=30,
    list_endings=_ENDINGS,
    read_list=read_list,
    notes=("UTF-8, or UTF-16 with a byte order mark.", "Columns are known by their usual names, or by their order."),
)
