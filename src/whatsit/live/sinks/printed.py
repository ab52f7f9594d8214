"""Answers printed as lines: what ``text:`` and ``json:`` share."""

import sys
from collections.abc import Callable
from typing import TextIO

from whatsit.errors import StoppedError
from whatsit.live.answer import Answer
from whatsit.live.sinks.changes import EVERY, Changes
from whatsit.plugins import Address


class PrintedLines:
    """A sink that prints one line per change, at once.

    Args:
        line: makes the line of an answer, without its newline.
        every: print every answer.
        stream: None for standard output.
        name: for messages.
    """

    changes_kept = 256

    def __init__(
        self,
        line: Callable[[Answer], str],
        *,
        every: bool = False,
        stream: TextIO | None = None,
        name: str = "standard output",
    ) -> None:
        self.name = name
        self._line = line
        self._changes = Changes(every)
        self._stream = stream or sys.stdout

    def send(self, answer: Answer) -> bool:
        """Print the answer where it is news.

        Raises:
            StoppedError: nobody reads the stream any more, as in ``whatsit live … | head``.
        """
        if not self._changes.is_news(answer):
            return False
        try:
            self._stream.write(self._line(answer) + "\n")
            self._stream.flush()
        except BrokenPipeError as error:
            raise StoppedError("the reader of the output has gone") from error
        self._changes.written(answer)
        return True

    def close(self) -> None:
        """Nothing: the stream is the program's."""


def printed(address: Address, line: Callable[[Answer], str]) -> PrintedLines:
    """The sink at an address that has no target, on standard output.

    Raises:
        DataError: something follows the scheme.
    """
    if address.target:
        raise address.refusal(f"nothing follows {address.scheme}: in an address")
    return PrintedLines(line, every=EVERY.of(address), name=address.text)
