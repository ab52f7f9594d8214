"""``dataset/splits.csv``: the split of each picture, by content, and where and when it was taken."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.csv_records import CsvRecords, parsed_lines
from whatsit.datasets.split import DecidedBy, Split, split_named

_END_OF_TIME = 2.0**40
"""Seconds; beyond what a date can be made of."""
FIELDS = ("sha256", "split", "decided_by", "burst", "source", "time")


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """What is on record of one picture's content, whatever its file is called and wherever it moves."""

    hash: str
    """SHA-256 of the file's bytes, 64 hexadecimal digits."""
    split: Split
    decided_by: DecidedBy = DecidedBy.CONTENT
    burst: str = ""
    """The capture burst; pictures of one burst share a split."""
    source: str = ""
    """Where it came from: a camera's address, or its path in the imported folder or archive."""
    time: float = 0.0
    """Capture or import time in seconds since 1970, UTC."""

    def is_lost_in(self, latest: Mapping[str, "SplitRecord"], *, cut: bool) -> bool:
        """True where a file whose last lines are now ``latest`` has lost this record.

        Args:
            latest: the last record of each content in the file.
            cut: the file became shorter, so its last line for a content can be an older decision.
        """
        now = latest.get(self.hash)
        if now is None:
            return True
        return cut and now.decided_by is DecidedBy.CONTENT and self.decided_by is not DecidedBy.CONTENT


class SplitRecords(CsvRecords[SplitRecord]):
    """``splits.csv`` of one dataset; of several lines for one content the last one counts.

    The fields of a line may be separated by commas, or by the semicolons and tabs of spreadsheets.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _parsed, _fields, FIELDS)

    def replace(self, records: Iterable[SplitRecord]) -> None:
        """Write a new file in one step, one line for each content.

        Raises:
            DataError: the disk is full or read-only; the file is as it was.
        """
        super().replace({record.hash: record for record in records}.values())


def size_of(stamp: str) -> int:
    """The size of the file in bytes, from ``SplitRecords.stamp``."""
    size = stamp.partition(":")[0]
    return int(size) if size.isdecimal() else 0


def known_time(written: object) -> float:
    """A time from a file; 0, which is unknown, for one that no clock shows.

    Raises:
        ValueError: not a number.
        TypeError: not a number.
    """
    time = float(written)  # type: ignore[arg-type]
    return time if 0 <= time < _END_OF_TIME else 0.0


def read_records(content: bytes) -> Iterator[SplitRecord]:
    """The records in the bytes of a ``splits.csv``."""
    return (record for _, record in parsed_lines(content, _parsed, FIELDS) if record is not None)


def _fields(record: SplitRecord) -> tuple[str, ...]:
    time = f"{record.time:.3f}" if record.time else ""
    return record.hash, record.split, record.decided_by, _plain(record.burst), _plain(record.source), time


def _plain(text: str) -> str:
    # One record is one line. A torn line cannot pass for a whole one: the time field ends it.
    return (
        "".join(" " if ord(c) < 32 or c in "\x7f\x85\u2028\u2029" else c for c in text)[:500]
        .encode(errors="replace")
        .decode()
    )


def _parsed(line: str) -> SplitRecord | None:
    # The character after the hash separates the fields: a spreadsheet may have replaced the comma.
    mark = line[64:65] if line[64:65] in (";", "\t") else ","
    try:
        fields = next(csv.reader([line], strict=True, delimiter=mark))
    except (csv.Error, StopIteration):
        return None
    if len(fields) != len(FIELDS) or len(fields[0]) != 64:
        return None
    split = split_named(fields[1].strip())
    try:
        bytes.fromhex(fields[0])
        by = DecidedBy(fields[2]) if fields[2] else DecidedBy.HAND
        time = known_time(fields[5].replace(",", ".")) if fields[5] else 0.0
    except ValueError:
        return None
    return None if split is None else SplitRecord(fields[0].lower(), split, by, fields[3], fields[4], time)
