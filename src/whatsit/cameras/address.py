"""Camera addresses: ``usb:0``, ``rtsp://…``, ``synthetic:?object=mug``."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from whatsit.errors import CameraError

URL_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_EXAMPLES = "try synthetic:  usb:0  picamera:0  rtsp://…  http://…  file:clip.mp4  folder:pictures/  browser:"
_OPTIONS = re.compile(r"[a-z_]+=[^&?]*(&[a-z_]+=[^&?]*)*")


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart: ``scheme:target?option=value&…``."""

    text: str
    """As people see it: a password inside a URL is replaced by ``***``."""
    scheme: str
    target: str
    """What follows the scheme; for network cameras the whole URL, its query included."""
    options: dict[str, str] = field(default_factory=dict)

    def only(self, known: Iterable[str]) -> None:
        """Refuse options outside ``known``.

        Raises:
            CameraError: naming the first unknown one and those that exist.
        """
        known = sorted(known)
        for name in self.options:
            if name not in known:
                choice = f"it takes {', '.join(known)}" if known else "it takes none"
                raise CameraError(f"{self.text}: no option named {name!r}; {choice}")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """The option ``name`` as a number from ``low`` to ``high``, both allowed.

        Raises:
            CameraError: it is not a number, or outside.
        """
        value = self.options.get(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise CameraError(f"{self.text}: {name}={value} is not a number from {low:g} to {high:g}")
        return number

    def flag(self, name: str, default: bool = False) -> bool:
        """The option ``name`` as yes or no (1, 0, yes, no, true, false, or nothing for yes).

        Raises:
            CameraError: it is something else.
        """
        value = self.options.get(name)
        if value is None:
            return default
        if value.lower() in ("", "1", "yes", "true"):
            return True
        if value.lower() in ("0", "no", "false"):
            return False
        raise CameraError(f"{self.text}: {name}={value} is neither yes nor no")

    def size(self, default: tuple[int, int]) -> tuple[int, int]:
        """The option ``size=WIDTHxHEIGHT`` in pixels, 16 to 4096 a side.

        Raises:
            CameraError: it is not of that form, or outside.
        """
        value = self.options.get("size")
        if value is None:
            return default
        match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", value)
        if match is None or not all(16 <= int(side) <= 4096 for side in match.groups()):
            raise CameraError(f"{self.text}: size={value} is not WIDTHxHEIGHT of 16 to 4096 pixels, as 640x480")
        return int(match[1]), int(match[2])


def parse_address(uri: str) -> Address:
    """Take a camera address apart.

    Raises:
        CameraError: it is empty, has control characters, no scheme, or is a URL without a host.
    """
    if not uri.strip() or not uri.isprintable():
        raise CameraError(f"{uri!r} is not a camera address; {_EXAMPLES}")
    if re.fullmatch(r"/dev/video\d+", uri):
        return Address(uri, "usb", uri)
    scheme, colon, rest = uri.partition(":")
    scheme = scheme.lower()
    if not re.fullmatch(r"[a-z][a-z0-9]+", scheme) or (not colon and "/" in rest):
        raise CameraError(f"{uri!r} is not a camera address; {_EXAMPLES}")
    if scheme in URL_SCHEMES:
        return Address(_shown_url(uri), scheme, uri)
    target, mark, query = rest.rpartition("?")
    if not mark or (query and not _OPTIONS.fullmatch(query)):
        return Address(uri, scheme, rest)
    return Address(uri, scheme, target, dict(parse_qsl(query, keep_blank_values=True)))


def unknown_scheme(address: Address) -> CameraError:
    """The error for an address nobody serves."""
    return CameraError(f"{address.text!r}: no camera of kind {address.scheme!r}; {_EXAMPLES}")


def _shown_url(url: str) -> str:
    """A camera's URL as people see it, its password hidden; refused where it names no host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise CameraError(f"{url!r} is not a camera address: {error}") from error
    if not host:
        raise CameraError(f"{url!r} is not a camera address: no host; expected {parts.scheme}://host/path")
    if "@" not in parts.netloc:
        return url
    user, _, place = parts.netloc.rpartition("@")
    hidden = f"{user.partition(':')[0]}:***@{place}" if ":" in user else f"{user}@{place}"
    return urlunsplit(parts._replace(netloc=hidden))
