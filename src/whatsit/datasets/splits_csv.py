"""``dataset/splits.csv``: what the pictures themselves cannot say, in a file a person can read and mend."""

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.split import DecidedBy, Split, split_named
from whatsit.errors import DataError
from whatsit.files import cannot_write, write_all, write_file

SPLITS_FILE = "splits.csv"
FIELDS = ("sha256", "split", "decided_by", "burst", "source", "time")


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """What is remembered of one picture's content, whatever its file is called and wherever it moves."""

    hash: str
    """SHA-256 of the file's bytes, 64 hexadecimal digits."""
    split: Split
    decided_by: DecidedBy = DecidedBy.CONTENT
    burst: str = ""
    """The capture burst; pictures of one burst stay on one side of the split."""
    source: str = ""
    """Where it came from: a camera's address, or its path in the imported folder or archive."""
    time: float = 0.0
    """Capture or import time in seconds since 1970, UTC."""

    def is_lost_in(self, latest: Mapping[str, "SplitRecord"], *, cut: bool) -> bool:
        """True where a file that now says ``latest`` has lost this record; one that was ``cut`` may show an older."""
        now = latest.get(self.hash)
        if now is None:
            return True
        return cut and now.decided_by is DecidedBy.CONTENT and self.decided_by is not DecidedBy.CONTENT


class SplitRecords:
    """The file: one line a decision, the last line of a picture counts.

    Lines are only ever added, or the whole file is replaced in one step, so a power cut leaves at worst half
    a last line. Lines may end their fields with commas, or with the semicolons and tabs of spreadsheets.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> str:
        """Changes whenever the file does."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return "none"
        return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"

    def read(self) -> Iterator[SplitRecord]:
        """Every readable line in order; ``unreadable`` tells the others."""
        yield from read_records(self._content())

    def unreadable(self) -> list[int]:
        """The numbers, from 1, of the lines that say nothing: a torn end, a slip of the hand, garbage."""
        return [number for number, record in _lines(self._content()) if record is None]

    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}; check its permissions") from error

    def append(self, records: Iterable[SplitRecord]) -> None:
        """Add lines and wait until the disk has them.

        Raises:
            DataError: the disk is full or read-only; the file is as it was.
        """
        content = "".join(map(_line, records)).encode()
        if not content:
            return
        if not self.path.exists():
            content = (",".join(FIELDS) + "\n").encode() + content
        try:
            with self.path.open("ab+", buffering=0) as stream:
                size = stream.seek(0, os.SEEK_END)
                if size and os.pread(stream.fileno(), 1, size - 1) != b"\n":
                    content = b"\n" + content
                try:
                    write_all(stream.fileno(), content)
                    os.fsync(stream.fileno())
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(stream.fileno(), size)
                    raise
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def replace(self, records: Iterable[SplitRecord]) -> None:
        """Write the whole file anew in one step, one line a picture.

        Raises:
            DataError: the disk is full or read-only; the file is as it was.
        """
        latest = {record.hash: record for record in records}
        lines = [",".join(FIELDS) + "\n", *map(_line, latest.values())]
        write_file(self.path, "".join(lines).encode())


def size_of(stamp: str) -> int:
    """The file's bytes, of ``SplitRecords.stamp``."""
    size = stamp.partition(":")[0]
    return int(size) if size.isdecimal() else 0


def read_records(content: bytes) -> Iterator[SplitRecord]:
    """The readable lines of a ``splits.csv``."""
    return (record for _, record in _lines(content) if record is not None)


def _lines(content: bytes) -> Iterator[tuple[int, SplitRecord | None]]:
    for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), 1):
        if line.strip() and not line.startswith(FIELDS[0]):
            yield number, _parsed(line)


def _line(record: SplitRecord) -> str:
    text = io.StringIO()
    fields = (
        record.hash, record.split, record.decided_by, _plain(record.burst), _plain(record.source),
        f"{record.time:.3f}" if record.time else "",
    )  # fmt: skip
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue()


def _plain(text: str) -> str:
    # One record is one line, and a torn line must never look like a whole one: the time field ends it.
    return (
        "".join(" " if ord(c) < 32 or c in "\x7f\x85\u2028\u2029" else c for c in text)[:500]
        .encode(errors="replace")
        .decode()
    )


def _parsed(line: str) -> SplitRecord | None:
    # After the hash comes the mark between fields: a spreadsheet may have put its own for the comma.
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
        time = float(fields[5].replace(",", ".")) if fields[5] else 0.0
    except ValueError:
        return None
    return None if split is None else SplitRecord(fields[0].lower(), split, by, fields[3], fields[4], time)
