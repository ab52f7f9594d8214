"""Addresses: ``usb:0``, ``rtsp://…``, ``jsonl:answers.jsonl?every=1``."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from whatsit.errors import DataError, WhatsitError


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart: ``scheme:target?option=value&…``."""

    text: str
    """As people see it: a password inside a URL is replaced by ``***``."""
    scheme: str
    """Which row of the table opens it."""
    target: str
    """What follows the scheme; for URLs the whole URL, query and password included."""
    options: dict[str, str] = field(default_factory=dict)
    error: type[WhatsitError] = field(default=DataError, repr=False)
    """The class of ``refusal``."""

    def refusal(self, reason: str) -> WhatsitError:
        """The error, to be raised, for an address that cannot be used."""
        return self.error(f"{self.text.removesuffix(':')}: {reason}")


def url_without_password(url: str) -> str:
    """A URL as people see it: its password is ``***``.

    Raises:
        ValueError: it is not a URL, or has no host.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"no host; expected {parts.scheme}://host/path")
    if "@" not in parts.netloc:
        return url
    user, _, place = parts.netloc.rpartition("@")
    hidden = f"{user.partition(':')[0]}:***@{place}" if ":" in user else f"{user}@{place}"
    return urlunsplit(parts._replace(netloc=hidden))
