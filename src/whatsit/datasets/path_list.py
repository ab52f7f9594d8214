"""Lists of pictures of any length: a path a line, or a column ``path`` of CSV or Parquet."""

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from whatsit.errors import DataError
from whatsit.files import parquet

ENDINGS = (".txt", ".csv", ".tsv", ".parquet")
COLUMN, LABEL = "path", "label"
_LINE = 2**16
"""Characters of a line that are read; no path is that long."""


def is_list(path: Path) -> bool:
    """Whether the name is that of a list."""
    return path.suffix.lower() in ENDINGS


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list."""

    text: str
    """A path or an address, as it stands there; with a problem, where in the list it is."""
    problem: str = ""
    label: str = ""
    """What column ``label`` says, where there is one."""


def listed(path: Path) -> Iterator[Line]:
    """What a list names, in its order; empty lines are left out.

    Raises:
        DataError: it cannot be read, has no column ``path``, or is no CSV from some line on.
    """
    try:
        if path.suffix.lower() == ".parquet":
            yield from _of_parquet(path)
            return
        # Bytes that are no UTF-8 stay in the text and are told of in the picture's row.
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            yield from _of_text(path, stream) if path.suffix.lower() == ".txt" else _of_csv(path, stream)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _lines(stream: TextIO) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is whole: of one that is too long, the beginning."""
    while line := stream.readline(_LINE):
        whole = len(line) < _LINE or line.endswith("\n")
        yield line, whole
        more = "" if whole else stream.readline(_LINE)
        while more and not more.endswith("\n"):
            more = stream.readline(_LINE)


def _of_text(path: Path, stream: TextIO) -> Iterator[Line]:
    for number, (line, whole) in enumerate(_lines(stream), 1):
        if not whole:
            yield Line(f"{path.name}, line {number}", f"more than {_LINE:,} characters; no path is that long")
        elif text := line.rstrip("\r\n"):
            yield Line(text)


def _of_csv(path: Path, stream: TextIO) -> Iterator[Line]:
    def lines() -> Iterator[str]:
        for number, (line, whole) in enumerate(_lines(stream), 1):
            if not whole:
                raise csv.Error(f"line {number} has more than {_LINE:,} characters")
            yield line

    every = lines()
    rows, before = None, 1
    try:
        first = next(every, "")

        class Separated(csv.excel):
            delimiter = max(",;\t", key=first.count)
            strict = True

        rows = csv.reader(itertools.chain([first], every), Separated)
        heads = [cell.strip().casefold() for cell in next(rows, [])]
        at, label_at = _column(path, heads), heads.index(LABEL) if LABEL in heads else len(heads)
        for cells in rows:
            number, before = before + 1, rows.line_num
            text = cells[at] if at < len(cells) else ""
            if "\n" in text:  # and with it the lines that follow would be lost
                raise csv.Error(f"a quote begins in line {number} and does not end there")
            if text:
                yield Line(text, label=cells[label_at] if label_at < len(cells) else "")
            elif any(cells):
                yield Line(f"{path.name}, line {number}", f"nothing in column {COLUMN}")
    except csv.Error as error:
        where = f", line {rows.line_num}" if rows is not None else ""
        raise DataError(
            f"{path}{where}: not CSV: {error}; save it as CSV again, or as .txt with a path a line"
        ) from error


def _column(path: Path, heads: list[str]) -> int:
    if COLUMN not in heads:
        shown = ", ".join(heads)[:200] or "nothing"
        raise DataError(f"{path}: its first line names {shown}; expected a column {COLUMN}")
    return heads.index(COLUMN)


def _of_parquet(path: Path) -> Iterator[Line]:
    pa = parquet.arrow(f"reading {path.name}")
    with parquet.opened(path) as file:
        names = file.schema_arrow.names
        if COLUMN not in names:
            raise DataError(f"{path}: has the columns {', '.join(names)[:200]}; expected one called {COLUMN}")
        wanted = [COLUMN, LABEL] if LABEL in names else [COLUMN]
        for column in wanted:
            kind = file.schema_arrow.field(column).type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
                raise DataError(f"{path}: column {column} is {kind}; expected text")
        before = 0
        try:
            for batch in file.iter_batches(4096, columns=wanted):
                texts = batch.column(COLUMN).to_pylist()
                labels = batch.column(LABEL).to_pylist() if LABEL in names else [""] * len(texts)
                for number, (text, label) in enumerate(zip(texts, labels, strict=True), before + 1):
                    problem = "" if text else f"nothing in column {COLUMN}"
                    yield Line(text or f"{path.name}, row {number}", problem, label or "")
                before += len(texts)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise parquet.broken(path, error) from error
