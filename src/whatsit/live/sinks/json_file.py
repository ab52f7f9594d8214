"""``jsonl:FILE``: one JSON object per line, appended to a file."""

import fcntl
import os
from pathlib import Path

from whatsit.errors import DataError
from whatsit.live.answer import Answer
from whatsit.live.sink import SinkKind
from whatsit.live.sinks.changes import EVERY, Changes
from whatsit.plugins import Address
from whatsit.text import json_line


class JsonFile:
    """A sink that appends one line per change to a file; each line is written whole or not at all.

    Args:
        path: made where it is missing; its folder must be there.
        every: write every answer.

    Raises:
        DataError: the file cannot be written, or another sink writes to it.
    """

    def __init__(self, path: str | os.PathLike[str], *, every: bool = False) -> None:
        self._path = Path(path)
        self._changes = Changes(every)
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise DataError(f"{path}: cannot be written: {error.strerror}; give another file") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._end_the_line()
        except BlockingIOError as error:
            os.close(self._file)
            raise DataError(f"{path}: another program appends answers to it; give another file") from error
        except OSError as error:
            os.close(self._file)
            raise DataError(f"{path}: cannot be written: {error.strerror}; give a regular file") from error

    def send(self, answer: Answer) -> None:
        """Append the answer where it is news.

        Raises:
            DataError: the disk is full or gone; nothing of the line stays.
        """
        if self._changes.is_news(answer):
            self._append(json_line(answer.to_dict()).encode() + b"\n")
            self._changes.written(answer)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _end_the_line(self) -> None:
        """A file whose writer was killed, or that was written by hand, can end without a newline."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            self._append(b"\n")

    def _append(self, line: bytes) -> None:
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise DataError(f"{self._path}: cannot be written: {error.strerror}") from error
        if written < len(line):
            os.ftruncate(self._file, before)
            raise DataError(f"{self._path}: cannot be written: no space left")


def from_address(address: Address) -> JsonFile:
    """The sink at ``jsonl:FILE``.

    Raises:
        DataError: no file is named, or it cannot be written.
    """
    if not address.target:
        raise address.refusal("no file is named; expected an address such as jsonl:answers.jsonl")
    return JsonFile(address.target, every=EVERY.of(address))


SINK = SinkKind(
    description="one JSON object per line, appended to a file",
    example="jsonl:answers.jsonl",
    options=(EVERY,),
    open=from_address,
)
