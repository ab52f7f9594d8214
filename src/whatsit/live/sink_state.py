"""How a sink is doing."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of the answers that a sink took. Times are in seconds since 1970."""

    last_sent: float | None = None
    """When the last one arrived; None before the first."""
    failing_since: float | None = None
    """When the first failure was after the last success; None where it works, or nothing was tried yet."""
    error: str | None = None
    """Why it fails, in one line; never with a secret."""
    waiting: int = 0
    """Those that are kept until they can be delivered."""
    dropped: int = 0
    """Those that were given up."""

    def sent(self, now: float) -> "Delivery":
        """After one more arrived."""
        return Delivery(now, None, None, self.waiting, self.dropped)

    def failed(self, now: float, error: str) -> "Delivery":
        """After one more failure."""
        since = self.failing_since if self.failing_since is not None else now
        return Delivery(self.last_sent, since, error, self.waiting, self.dropped)


@runtime_checkable
class DeliveringSink(Protocol):
    """A sink that delivers later than ``send`` returns, over a network, and knows what came of it."""

    @property
    def delivery(self) -> Delivery:
        """What came of the answers so far. Called from any thread; returns at once."""


@dataclass(frozen=True, slots=True)
class SinkState:
    """How a sink is doing. ``str(state)`` is one line for people. Times are in seconds since 1970."""

    name: str
    """Its address without secrets, or its class where it was not opened by an address."""
    last_sent: float | None
    """When an answer last arrived; None before the first."""
    failing_since: float | None
    """When it began to fail; None where it works, or nothing was tried yet."""
    error: str | None
    """Why it fails, in one line."""
    busy_since: float | None
    """When it took the answer that it is busy with; None while it waits for one."""
    waiting: int
    """Answers that wait for it, or in it to be delivered."""
    dropped: int
    """Changes of state or label that it was never given, or gave up."""

    @property
    def connected(self) -> bool:
        """Whether the last answer arrived."""
        return self.last_sent is not None and self.failing_since is None

    def to_dict(self) -> dict[str, Any]:
        """The state as a JSON document."""
        return {
            "name": self.name,
            "connected": self.connected,
            "last_sent": self.last_sent,
            "failing_since": self.failing_since,
            "error": self.error,
            "busy_since": self.busy_since,
            "waiting": self.waiting,
            "dropped": self.dropped,
        }

    def __str__(self) -> str:
        parts = [f"failing: {self.error}" if self.failing_since is not None else "works" if self.connected else "idle"]
        if self.busy_since is not None:
            parts.append("busy")
        if self.waiting:
            parts.append(f"{self.waiting:,} waiting")
        if self.dropped:
            parts.append(f"{self.dropped:,} changes dropped")
        return f"{self.name}: {', '.join(parts)}"
