"""Lists of one line per picture: ``labels.csv`` of path, label and split, and what other tools write."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.claims import Claims
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.label_heads import Table
from whatsit.datasets.formats.label_table import claims_of
from whatsit.datasets.formats.list_text import guessed_text, list_text
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.lists import LIST_FILE, ListFormat
from whatsit.datasets.formats.references import References
from whatsit.datasets.label import UNLABELLED
from whatsit.errors import SourceError
from whatsit.imaging.picture_format import is_picture_name

_ENDINGS = (".csv", ".tsv")
_ONE_HOT_FILE = "_classes.csv"
"""Roboflow's, beside the pictures of each split."""
_MAX_WORDS = 64
"""Of a picture's name in a list whose columns are separated by spaces."""
_Lines = list[tuple[int, list[str]]]


def parse(content: bytes, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    """What one list says.

    The first line may name the columns, such as ``path,label,split``; without names they come in this order. They are
    separated by commas, semicolons or tabs. Columns of other names are known by what is in them: the one whose values
    are pictures, and the only one whose values repeat. One column per class, with 1 for the class, is a list too.

    Raises:
        SourceError: the file is certainly a list, and not text in UTF-8 or UTF-16, not CSV, or names no pictures.
    """
    is_named = is_certain or list_path.rpartition("/")[2].casefold() in (LIST_FILE, _ONE_HOT_FILE)
    try:
        lines = list(_lines(list_text(content, list_path), list_path))
    except SourceError:
        guess = list(_lines(guessed_text(content), list_path, broken=True))
        if is_named or _claims(guess, list_path, references, must_name=False) is not None:
            raise
        return None
    found = _claims(lines, list_path, references, must_name=is_named)
    if found is None and is_certain:
        problem = "empty" if not lines else "names no pictures" if len(lines) < 2 else "no column of paths"
        expected = "one line per picture below the first" if len(lines) == 1 else _EXPECTED
        raise SourceError(f"{list_path}: {problem}; expected {expected}")
    return found


_EXPECTED = "a first line path,label,split and one line per picture"


def _claims(lines: _Lines, list_path: str, references: References, *, must_name: bool) -> Claims | NearMiss | None:
    if not lines:
        return None
    rows = tuple((f"line {line}", tuple(cells)) for line, cells in lines)
    is_one_hot = list_path.rpartition("/")[2].casefold() == _ONE_HOT_FILE
    return claims_of(Table(list_path, rows, None, must_name, is_one_hot), references)


def write(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``<label>/<file>`` and ``labels.csv``; the label of an unlabelled picture is empty."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("path", "label", "split"))
    for picture in pictures:
        rows.writerow((picture.key, "" if picture.label == UNLABELLED else picture.label, picture.split.value))
        yield Entry(picture.key, picture.path)
    yield Entry(LIST_FILE, content=text.getvalue().encode())


def _lines(text: str, list_path: str, *, broken: bool = False) -> Iterator[tuple[int, list[str]]]:
    if list_path.casefold().endswith(".txt"):
        yield from _text_lines(text)
        return
    above, text = _without_remarks(text)
    reader = csv.reader(io.StringIO(text, newline=""), _dialect(text))
    try:
        for cells in reader:
            if any(cells):
                yield above + reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        if not broken:
            raise SourceError(f"{list_path}, line {reader.line_num}: not CSV: {error}; save it as CSV again") from error


def _without_remarks(text: str) -> tuple[int, str]:
    """The table, and how many lines stand above it: Excel's ``sep=;``, and remarks after a ``#``."""
    above = 0
    while (first := text.partition("\n")[0]) and re.match(r"sep=.\s*$|#[^,;\t|]*$", first):
        above, text = above + 1, text.partition("\n")[2]
    return above, text.removeprefix("#")


def _text_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """``path label`` a line, as Caffe's and ImageNet's lists; the path ends where a picture's name does."""
    for number, line in enumerate(text.splitlines(), 1):
        if not (line := line.strip()) or line.startswith("#"):
            continue
        if re.search(r"[\t,;|]", line):
            yield number, [word.strip() for word in re.split(r"[\t,;|]", line)]
            continue
        words = line.split(None, 2 * _MAX_WORDS)  # a file that is one line has millions
        at = next((at for at in range(min(len(words), _MAX_WORDS)) if is_picture_name(" ".join(words[: at + 1]))), 0)
        rest = words[at + 1 :]
        label = rest if any(word.replace(".", "").isdecimal() for word in rest) else [" ".join(rest)]
        yield number, [" ".join(words[: at + 1]), *label]


def _dialect(text: str) -> type[csv.Dialect]:
    first = text.split("\n", 1)[0]

    class Separated(csv.excel):
        delimiter = max(",;\t|", key=first.count) if any(map(first.count, ",;\t|")) else ","

    return Separated


LISTS = ListFormat((*_ENDINGS, ".txt"), parse)
FORMAT = Format(
    name="csv",
    title="CSV list",
    about="<label>/<file> and labels.csv of path, label, split",
    splits="training, validation, test, where the list has them",
    read=LISTS.read,
    write=write,
    precedence=34,
    list_endings=LISTS.endings,
    read_list=LISTS.read_list,
    notes=(
        "UTF-8, or UTF-16 with a byte order mark.",
        "Columns are known by their usual names, by what is in them, or by their order.",
        "Understood too: Roboflow's _classes.csv, Kaggle's ids without endings, AutoML's TRAIN,gs://…,label, "
        "metadata.csv, lists of path and label in .txt.",
    ),
)
