"""The response of a network camera: signed in, redirected within its host, refused by what it really sent."""

import http.client
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from whatsit.cameras.http_auth import Credentials, Digest, basic_header, read_challenges
from whatsit.errors import CameraError, CameraLostError
from whatsit.text import printable

_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_SHOWN = 60
"""Characters of a body or header that an error shows."""
_SAFE = "/%:=&?~+!$,;'@()*[]"


@dataclass(slots=True)
class WebCamera:
    """A camera's web address, and what was learnt of it; ``get`` asks it again."""

    url: str
    timeout: float = 10.0
    """Seconds for connecting and for each read."""
    _credentials: Credentials | None = field(init=False, default=None)
    _digest: Digest | None = field(init=False, default=None)
    _basic: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.username is not None:
            self._credentials = Credentials(unquote(parts.username), unquote(parts.password or ""))

    def get(self) -> "WebResponse":
        """Ask for the address, and follow it to what it gives.

        Raises:
            CameraLostError: nothing answers, or a status that can pass; trying again can help.
            CameraError: it refuses the password, leads elsewhere, or in circles.
        """
        url, seen = self.url, [self.url]
        while True:
            parts = urlsplit(url)
            response = self._signed_in(parts)
            status = response.raw.status
            if status not in _REDIRECTS:
                break
            target = response.raw.headers.get("Location") or ""
            response.close()
            url = self._followed(parts, target, status)
            if url in seen or len(seen) > _MAX_REDIRECTS:
                raise CameraError(f"it redirects in circles, the last time to {_cut(urlsplit(url).path)}")
            seen.append(url)
        if status == 200:
            return response
        with response:
            # Another attempt can help where the camera is starting or busy; a wrong path stays wrong, but cameras
            # answer 404 while they start, too.
            raise CameraLostError(f"it answers with {response.described()}")

    def _signed_in(self, parts: SplitResult) -> "WebResponse":
        is_home = _origin(parts) == _origin(urlsplit(self.url))
        for _ in range(3):
            response = self._request(parts, with_password=is_home)
            status = response.raw.status
            if status not in (401, 403):
                return response
            with response:
                if not is_home or not self._learnt(response.raw.headers.get_all("WWW-Authenticate") or []):
                    break
        said = response.said
        if self._credentials is not None and not is_home:
            raise CameraError(
                f"it redirects to {_cut('{}://{}:{}'.format(*_origin(parts)))}, which asks for a name and password "
                f"({said}), and they are sent to no other port; give that address if it is the camera's"
            )
        if self._credentials is None:
            raise CameraError(f"it asks for a name and password ({said}): write http://name:password@host/…")
        raise CameraError(f"it does not accept the name and password ({said})")

    def _learnt(self, challenges: list[str]) -> bool:
        """Take up what the camera asks for; False where that was tried already, or cannot be answered."""
        if self._credentials is None:
            return False
        basic, digest = read_challenges(challenges)
        if digest is not None:
            again = self._digest is not None and self._digest.nonce == digest.nonce
            fresh = self._digest is None or any("stale=true" in one.lower().replace('"', "") for one in challenges)
            self._digest = digest
            return fresh and not again
        if self._basic or (challenges and not basic):
            return False
        self._basic = basic or not challenges
        return True

    def _request(self, parts: SplitResult, *, with_password: bool) -> "WebResponse":
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        headers = {"User-Agent": "whatsit", "Accept": "multipart/x-mixed-replace, image/jpeg"}
        if self._credentials is None or not with_password:
            pass
        elif self._digest is not None:
            headers["Authorization"] = self._digest.header(self._credentials, "GET", path)
        elif self._basic:
            headers["Authorization"] = basic_header(self._credentials)
        connection = None
        try:
            connection = kind(str(parts.hostname), parts.port, timeout=self.timeout)
            connection.request("GET", path, headers=headers)
            return WebResponse(connection, connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            if connection is not None:
                connection.close()
            raise CameraLostError(f"it does not answer ({reason_of(error)})") from error

    def _followed(self, parts: SplitResult, target: str, status: int) -> str:
        """The address that a redirect leads to.

        Raises:
            CameraError: on another host, unencrypted after encrypted, or no web address.
        """
        try:
            url = urljoin(parts.geturl(), target)
            to = urlsplit(url)
            good = bool(target) and to.scheme in ("http", "https") and to.hostname and to.port != 0
        except ValueError:
            good = False
        if not good:
            raise CameraError(f"it redirects (status {status}) to {_cut(target) or 'nowhere'}, which is no web address")
        if to.hostname != parts.hostname:
            raise CameraError(
                f"it redirects to another host, {_cut(to.hostname or '')}: give that address if it is the camera's"
            )
        if parts.scheme == "https" and to.scheme == "http" and self._credentials is not None:
            raise CameraError("it redirects from https to http, where the password could be read; give that address")
        return url


class WebResponse:
    """An open response; a context manager that closes the connection."""

    def __init__(self, connection: http.client.HTTPConnection, raw: http.client.HTTPResponse) -> None:
        self.connection, self.raw = connection, raw

    @property
    def kind(self) -> str:
        """The content type, lower case; empty where the camera names none."""
        return "" if self.raw.headers.get("Content-Type") is None else self.raw.headers.get_content_type()

    @property
    def said(self) -> str:
        """The status line: ``status 404 Not Found``."""
        return f"status {self.raw.status} {_cut(self.raw.reason or '')}".rstrip()

    def described(self, first: bytes | None = None) -> str:
        """Status, content type and first characters, on one line without control characters.

        Args:
            first: what was read of the body already; None: nothing.
        """
        if first is None:
            try:
                first = self.raw.read(4 * _SHOWN)
            except (OSError, http.client.HTTPException):
                first = b""
        body = _cut(first.decode("utf-8", "replace"))
        shown = f", which begins {body!r}" if body else ", empty"
        return f"{self.said}, {_cut(self.kind) or 'no content type'}{shown}"

    def close(self) -> None:
        """End the connection."""
        self.raw.close()
        self.connection.close()

    def __enter__(self) -> "WebResponse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port: what a password is for (RFC 6454, section 4)."""
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def reason_of(error: BaseException) -> str:
    """Why a connection failed, without the number that the system gives it."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return _cut(said)


def _cut(text: str) -> str:
    whole = " ".join(printable(" ".join(text.split())).split())
    return whole if len(whole) <= _SHOWN else whole[: _SHOWN - 1] + "…"
