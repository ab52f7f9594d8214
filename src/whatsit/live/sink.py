"""Where live answers go: the protocol, and the row of the table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from whatsit.live.answer import Answer
from whatsit.plugins import Address, AddressedRow


class Sink(Protocol):
    """Takes answers. Both methods are called from one thread that nothing else uses, so they can wait.

    While ``send`` waits, newer answers replace each other: the next call gets the newest. A sink that must not miss
    changes is an ``EventSink``. An error that ``send`` raises is logged once, in one line, and the next answer is
    tried; ``StoppedError`` ends the engine. A sink can have a ``name``, for messages; it must hold no secret.

    ::

        class Lamp:
            def send(self, answer):
                pin.value = answer.label == "mug"

            def close(self):
                pin.close()
    """

    def send(self, answer: Answer) -> bool | None:
        """Take one answer.

        Returns:
            False where it was not news, so that nothing was done: that neither counts as sent nor ends a failure.
        """

    def close(self) -> None:
        """Release what is held, after the last answer. Called once."""


@runtime_checkable
class EventSink(Sink, Protocol):
    """A sink to which what happened matters, not only what is now: changes wait for it, up to a number."""

    changes_kept: int
    """How many changes of state or label are kept while ``send`` waits; the oldest are dropped first. A change that
    had to wait comes with a frame without pixels."""


@runtime_checkable
class LeavingSink(Sink, Protocol):
    """A sink with something that must not go on when it is left behind because it hangs: a program, a motor."""

    def leave(self) -> None:
        """Stop it at once. Called from another thread than ``send``, which has not returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkKind(AddressedRow):
    """One kind of sink. Its key in the table is the scheme of its addresses."""

    page_may_choose: bool = False
    """Whether a page may give an address of this kind: it runs no program, and names no file and no server."""

    open: Callable[[Address], Sink]
    """Makes the sink of an address; its options have been checked by name. Raises ``DataError`` where the address
    cannot be used."""
