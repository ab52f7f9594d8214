"""A file of records, one CSV line each, that a person can read and correct."""

import contextlib
import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from whatsit.errors import DataError
from whatsit.files import beneath, cannot_write, read_bounded, write_all, write_file

Record = TypeVar("Record")
_MAX_BYTES = 2**29


class CsvRecords(Generic[Record]):
    """The records of one file, in UTF-8.

    Lines are only appended, or the whole file is replaced in one step, so a power cut leaves at worst half a last
    line. A line that cannot be parsed is passed over and never removed; ``unreadable`` gives its number.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[str], Record | None],
        fields: Callable[[Record], Sequence[str]],
        header: Sequence[str] = (),
    ) -> None:
        """Use the file at ``path``, which need not exist.

        Args:
            path: the file.
            parse: the record of a line; None where there is none in it.
            fields: the fields of a record's line; none may hold a line break.
            header: the first line of a new file.
        """
        self.path = path
        self._parse = parse
        self._fields = fields
        self._header = header

    def stamp(self) -> str:
        """A text that changes whenever the file does.

        Raises:
            DataError: the file cannot be looked at.
        """
        status = self._status()
        if status is None:
            return "none"
        return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"

    def read(self) -> Iterator[Record]:
        """Every record, in the order of the lines.

        Raises:
            DataError: the file exists and cannot be read.
        """
        return (record for _, record in self._lines() if record is not None)

    def unreadable(self) -> list[int]:
        """The numbers, from 1, of the lines without a record: a torn end, a typing error, garbage.

        Raises:
            DataError: the file exists and cannot be read.
        """
        return [number for number, record in self._lines() if record is None]

    def mark(self) -> int | None:
        """Where the file ends now, for ``go_back``; None where there is none.

        Raises:
            DataError: the file cannot be looked at.
        """
        status = self._status()
        return None if status is None else status.st_size

    def _status(self) -> os.stat_result | None:
        try:
            return self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error.strerror}; check its folder") from error

    def go_back(self, mark: int | None) -> None:
        """Remove what was appended since ``mark``; needs no space.

        Raises:
            OSError: as the system says.
        """
        if mark is None:
            beneath.unlink(self.path, missing_ok=True)
        elif self.mark() != mark:
            handle = beneath.opened(self.path, os.O_WRONLY)
            try:
                os.ftruncate(handle, mark)
            finally:
                os.close(handle)

    def append(self, records: Iterable[Record]) -> None:
        """Add records and wait until the disk has them.

        Raises:
            DataError: the disk is full or read-only; the file is as it was.
        """
        content = self._text(records)
        if not content:
            return
        there = self.mark()
        if there is None:
            content = self._text(records=(), header=True) + content
        try:
            handle = beneath.opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            with os.fdopen(handle, "ab+", buffering=0) as stream:
                size = stream.seek(0, os.SEEK_END)
                if size and os.pread(stream.fileno(), 1, size - 1) != b"\n":
                    content = b"\n" + content
                try:
                    write_all(stream.fileno(), content)
                    os.fsync(stream.fileno())
                except OSError:
                    with contextlib.suppress(OSError, DataError):
                        self.go_back(there)
                    raise
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def read_back(self, records: Iterable[Record]) -> list[Record]:
        """Records as they come out of the file again, which keeps less of a time or a text."""
        return [record for _, record in parsed_lines(self._text(records), self._parse) if record is not None]

    def replace(self, records: Iterable[Record]) -> None:
        """Write a new file with these records, in one step.

        Raises:
            DataError: the disk is full or read-only; the file is as it was.
        """
        write_file(self.path, self._text(records, header=True))

    def _lines(self) -> Iterator[tuple[int, Record | None]]:
        content = read_bounded(self.path, _MAX_BYTES, "a CSV file") if os.path.lexists(self.path) else b""
        return parsed_lines(content, self._parse, self._header)

    def _text(self, records: Iterable[Record], *, header: bool = False) -> bytes:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        if header and self._header:
            rows.writerow(self._header)
        rows.writerows(map(self._fields, records))
        return text.getvalue().encode()


def parsed_lines(
    content: bytes, parse: Callable[[str], Record | None], header: Sequence[str] = ()
) -> Iterator[tuple[int, Record | None]]:
    """The number, from 1, of every line that is neither empty nor a header, and its record or None."""
    for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), 1):
        if line.strip() and not (header and line.startswith(header[0])):
            yield number, parse(line)
