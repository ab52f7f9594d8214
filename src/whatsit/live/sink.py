"""Where live answers go: the protocol, the row of the table, and the thread that calls a sink."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from whatsit.cameras.mailbox import Mailbox
from whatsit.errors import StoppedError, WhatsitError
from whatsit.live.answer import Answer
from whatsit.parallel import start_thread
from whatsit.plugins import Address, AddressedRow

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes answers. Both methods are called from one thread that nothing else uses, so they can wait.

    While ``send`` waits, newer answers replace each other: the next call gets the newest. An error that ``send``
    raises is logged once, in one line, and the next answer is tried; ``StoppedError`` ends the engine.

    ::

        class Lamp:
            def send(self, answer):
                pin.value = answer.label == "mug"

            def close(self):
                pin.close()
    """

    def send(self, answer: Answer) -> None:
        """Take one answer."""

    def close(self) -> None:
        """Release what is held, after the last answer. Called once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkKind(AddressedRow):
    """One kind of sink. Its key in the table is the scheme of its addresses."""

    open: Callable[[Address], Sink]
    """Makes the sink of an address; its options have been checked by name. Raises ``DataError`` where the address
    cannot be used."""


class SinkThread:
    """Hands answers to a sink on a separate thread.

    Args:
        end: called when the sink asks to end the engine.
    """

    def __init__(self, sink: Sink, end: Callable[[], None]) -> None:
        self._sink = sink
        self._end = end
        self._waiting: Mailbox[Answer] = Mailbox()
        self._error: str | None = None
        self._thread = start_thread(f"sink {type(sink).__name__}", self._run)

    def put(self, answer: Answer) -> None:
        """Hand over an answer, in place of one that the sink has not taken yet. Never waits."""
        self._waiting.put(answer)

    def close(self, patience: float) -> None:
        """Let the sink take the last answer and close it; one that hangs is left behind after ``patience`` seconds."""
        self._waiting.close()
        if self._thread is threading.current_thread():
            return
        self._thread.join(patience)
        if self._thread.is_alive():
            _log.warning("%s does not end; it is left behind", type(self._sink).__name__)

    def _run(self) -> None:
        while (answer := self._waiting.take()) is not None:
            try:
                self._sink.send(answer)
            except StoppedError:
                self._end()
                break
            except Exception as error:  # a sink's trouble is its own: neither the camera nor other sinks wait for it
                self._complain(error)
            else:
                if self._error is not None:
                    _log.info("%s works again", type(self._sink).__name__)
                self._error = None
        try:
            self._sink.close()
        except Exception as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        text = str(error) if isinstance(error, WhatsitError) else f"{type(error).__name__}: {error}"
        if self._error is None:
            _log.warning("%s failed: %s", type(self._sink).__name__, " ".join(text.split()))
        self._error = text
