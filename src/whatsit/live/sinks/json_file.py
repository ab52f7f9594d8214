"""``jsonl:FILE``: one JSON object per line, appended to a file."""

import contextlib
import fcntl
import os
from pathlib import Path

from whatsit.errors import DataError
from whatsit.live.answer import Answer
from whatsit.live.sink import SinkKind
from whatsit.live.sinks.changes import EVERY, Changes
from whatsit.plugins import Address, NumberOption
from whatsit.text import json_line


class JsonFile:
    """A sink that appends one line per change to a file; each line is written whole or not at all.

    Args:
        path: made where it is missing; its folder must be there.
        every: write every answer.
        max_bytes: before the file would grow beyond this, it is renamed to ``FILE.1``, ``FILE.1`` to ``FILE.2`` and so
            on; None: it grows.
        files: how many files there are then at most, ``FILE`` itself included; what would be one more is deleted.

    Raises:
        DataError: the file cannot be written, or another sink writes to it.
    """

    changes_kept = 256

    def __init__(
        self, path: str | os.PathLike[str], *, every: bool = False, max_bytes: int | None = None, files: int = 5
    ) -> None:
        self._path = Path(path)
        self.name = f"jsonl:{path}"
        self._changes = Changes(every)
        self._max_bytes = max_bytes
        self._files = files
        self._file = self._opened()

    def send(self, answer: Answer) -> bool:
        """Append the answer where it is news.

        Raises:
            DataError: the disk is full or gone; nothing of the line stays.
        """
        if not self._changes.is_news(answer):
            return False
        self._append(json_line(answer.to_dict()).encode() + b"\n")
        self._changes.written(answer)
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _opened(self) -> int:
        file = None
        try:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _end_the_line(file)
        except OSError as error:
            if file is not None:
                os.close(file)
            taken, hint = isinstance(error, BlockingIOError), "a regular file" if file is not None else "another file"
            reason = "another program appends answers to it" if taken else f"cannot be written: {error.strerror}"
            raise DataError(f"{self._path}: {reason}; give {'another file' if taken else hint}") from error
        return file

    def _append(self, line: bytes) -> None:
        before = os.fstat(self._file).st_size
        if self._max_bytes is not None and before and before + len(line) > self._max_bytes:
            self._rotate()
            before = 0
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise DataError(f"{self._path}: cannot be written: {error.strerror}") from error
        if written < len(line):
            os.ftruncate(self._file, before)
            raise DataError(f"{self._path}: cannot be written: no space left")

    def _rotate(self) -> None:
        # Each step leaves whole files, so that a kill in between loses at most the oldest, which was to go anyway.
        try:
            for number in reversed(range(1, self._files)):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(self._numbered(number - 1), self._numbered(number))
            if self._files == 1:
                os.unlink(self._path)
        except OSError as error:
            raise DataError(f"{self._path}: cannot be rotated: {error.strerror}") from error
        fresh = self._opened()
        os.close(self._file)
        self._file = fresh

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


def _end_the_line(file: int) -> None:
    """A file whose writer was killed, or that was written by hand, can end without a newline."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.write(file, b"\n")


_MAX_MB = NumberOption("max_mb", "start a new file before this one is larger, in MB", None, 0.001, 1e6, "it grows")
_FILES = NumberOption("files", "with `max_mb`: how many files are kept, this one included", 5, 1, 1000)


def from_address(address: Address) -> JsonFile:
    """The sink at ``jsonl:FILE``.

    Raises:
        DataError: no file is named, or it cannot be written.
    """
    if not address.target:
        raise address.refusal("no file is named; expected an address such as jsonl:answers.jsonl")
    megabytes = _MAX_MB.of(address)
    max_bytes = None if megabytes is None else round(megabytes * 1e6)
    return JsonFile(address.target, every=EVERY.of(address), max_bytes=max_bytes, files=int(_FILES.of(address)))


SINK = SinkKind(
    description="one JSON object per line, appended to a file",
    example="jsonl:answers.jsonl",
    options=(EVERY, _MAX_MB, _FILES),
    open=from_address,
)
