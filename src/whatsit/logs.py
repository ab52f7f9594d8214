"""What the programs log: one line on standard error for each kind of event, repeats counted, details in a file."""

import contextlib
import logging
import logging.handlers
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from whatsit.files import cache_folder
from whatsit.text import one_line, printable

COUNTED_SECONDS = 60.0
"""An event that was printed is only counted for so long."""
_KINDS = 200
_DIFFERENT = 10
_FILE_BYTES = 2**20
_LONGEST = 500


class LogLines(logging.Handler):
    """Prints a record as one line; what repeats is counted and said once a minute, so that a flood stays readable.

    Of one kind of event, that is of one template, ten different lines are printed in that time; the rest is counted.

    Args:
        stream: where the lines go.
        clock: the time in seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._stream = stream
        self._clock = clock
        self._since = clock()
        self._repeats: dict[str, int] = {}
        """A line that was printed -> how often it came again."""
        self._kinds: dict[tuple[object, ...], tuple[str, int, int]] = {}
        """Kind of record -> its first line, how many different ones were printed, and how many others left out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record, or count it."""
        try:
            if self._clock() - self._since >= COUNTED_SECONDS or len(self._kinds) >= _KINDS:
                self.flush()
            error = record.exc_info[1] if record.exc_info else None
            line = f"{record.getMessage().strip()}{'' if error is None else f': {described(error)}'}"[:_LONGEST]
            if line in self._repeats:
                self._repeats[line] += 1
                return
            kind = (record.name, record.levelno, record.msg, type(error))
            first, printed, left_out = self._kinds.get(kind, (line, 0, 0))
            if printed < _DIFFERENT:
                self._repeats[line] = 0
                self._kinds[kind] = first, printed + 1, left_out
                self._print(line)
            else:
                self._kinds[kind] = first, printed, left_out + 1
        except Exception:  # a record that cannot be shown must not end what logged it
            self.handleError(record)

    def flush(self) -> None:
        """Say how often each line came again, and how many were left out."""
        with self.lock or contextlib.nullcontext():
            repeats, kinds = self._repeats, self._kinds
            self._repeats, self._kinds, self._since = {}, {}, self._clock()
            for line, times in repeats.items():
                if times:
                    self._print(f"{'once' if times == 1 else f'{times:,} times'} more: {line}")
            for line, _, left_out in kinds.values():
                if left_out:
                    self._print(f"{left_out:,} more like this left out: {line}")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: the place for such reports is what failed."""

    def _print(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(f"whatsit: {printable(line)}\n")
            self._stream.flush()


class _Details(logging.handlers.RotatingFileHandler):
    """The file with the traceback of each error; a disk that is full or not ours costs only the file."""

    def _open(self):  # type: ignore[no-untyped-def]  # the stream's type is private to logging
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    @property
    def path(self) -> Path:
        return Path(self.baseFilename)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


def log_file() -> Path:
    """Where tracebacks are kept: ``errors.log`` in the user's cache, at most 1 MiB and one predecessor."""
    return cache_folder() / "errors.log"


def log_to_terminal() -> None:
    """Send this process's log to standard error as lines, and tracebacks to ``log_file``."""
    root = logging.getLogger()
    lines = LogLines(sys.stderr)
    lines.setLevel(logging.WARNING)
    root.addHandler(lines)
    root.addHandler(_details())


def keep_details(error: BaseException) -> Path | None:
    """Write an unexpected error's traceback to ``log_file``.

    Returns:
        The file; None where it cannot be written.
    """
    handler = _details()
    try:
        handler.emit(
            logging.LogRecord(
                "whatsit", logging.ERROR, "", 0, "unexpected error", None, (type(error), error, error.__traceback__)
            )
        )
        return handler.path if handler.path.is_file() else None
    except OSError:  # nor may its folder be looked into
        return None
    finally:
        handler.close()


def described(error: BaseException) -> str:
    """An error's kind and text in one line of bounded length."""
    text = one_line(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _details() -> _Details:
    handler = _Details(
        log_file(), maxBytes=_FILE_BYTES, backupCount=1, delay=True, encoding="utf-8", errors="backslashreplace"
    )
    handler.setLevel(logging.ERROR)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))
    handler.addFilter(lambda record: record.exc_info is not None)
    return handler
