"""Who can talk to the studio: Host, Origin and token are checked before anything else sees a request."""

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_SITE = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    (b"content-security-policy", _SITE.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def new_token() -> str:
    """128 random bits, as text that can stand in an address."""
    return secrets.token_urlsafe(16)


def is_loopback(host: str) -> bool:
    """Whether a server bound to ``host`` can be reached only from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Access:
    """The rules of one server.

    A name in the Host header must be one of ours; that refuses a page that makes its own name point to this machine
    (DNS rebinding). Numeric addresses cannot be rebound; a server that is not on loopback accepts all of them.
    """

    port: int
    loopback: bool = True
    token: str | None = None
    names: frozenset[str] = field(default_factory=frozenset)
    secure: bool = False

    @classmethod
    def of(cls, host: str, port: int, token: str | None, secure: bool = False, names: Iterable[str] = ()) -> "Access":
        """The rules for a server bound to ``host``; ``names`` are further host names that it is reached by."""
        loopback = is_loopback(host)
        known = {"localhost", *(name.lower() for name in names)}
        if not loopback:
            own = socket.gethostname().lower()
            known |= {host.lower(), own, f"{own}.local"}
        return cls(port, loopback, token, frozenset(known), secure)

    def host_allowed(self, host: str) -> bool:
        """Whether a Host header, ``name`` or ``name:port``, is ours."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.loopback

    def same_origin(self, headers: Headers) -> bool:
        """Whether a request comes from one of our own pages, so that its Origin is the Host it was sent to."""
        origin = headers.get("origin")
        if origin is None:
            return False
        scheme = "https" if self.secure else "http"
        return origin.lower() == f"{scheme}://{headers.get('host', '').lower()}"

    @property
    def cookie(self) -> str:
        """The cookie's name. It contains the port, because browsers share cookies between ports."""
        return f"whatsit_{self.port}"

    def cookie_value(self) -> str:
        """The cookie's value: a digest, so that it does not reveal the token."""
        return hashlib.sha256(f"whatsit cookie {self.token}".encode()).hexdigest()

    def knows(self, headers: Headers) -> bool:
        """Whether a request has the token, as a cookie or as ``Authorization: Bearer``."""
        if self.token is None:
            return True
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(value, self.token):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return morsel is not None and _equal(morsel.value, self.cookie_value())


class Gate:
    """ASGI middleware that passes on what ``Access`` allows and refuses the rest with one line."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            refusal = self._refuse_http(scope)
            if refusal is not None:
                await refusal(scope, receive, _with_headers(send))
                return
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            if self._refuses_websocket(Headers(scope=scope)):
                await receive()
                await send({"type": "websocket.close", "code": 4403})
                return
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refuse_http(self, scope: Scope) -> Response | None:
        access, headers = self._access, Headers(scope=scope)
        if not access.host_allowed(headers.get("host", "")):
            return _refusal(421, "this studio does not answer to that name; use the address it printed")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.pop("token", [""])[0]
        if given and access.token and scope["method"] == "GET" and _equal(given, access.token):
            return self._welcome(scope["path"], urlencode(query, doseq=True))
        if not access.knows(headers):
            return _refusal(401, "a token is needed: open the address with ?token= that the studio printed")
        if scope["method"] not in _SAFE_METHODS and not access.same_origin(headers):
            return _refusal(403, "changes are accepted only from the studio's own pages (Origin)")
        return None

    def _refuses_websocket(self, headers: Headers) -> bool:
        access = self._access
        return not (
            access.host_allowed(headers.get("host", "")) and access.same_origin(headers) and access.knows(headers)
        )

    def _welcome(self, path: str, query: str) -> Response:
        # A page of our own goes on to the address without the token. A redirect would not do: after a link on
        # another site, browsers do not send a SameSite=Strict cookie in the whole chain of redirects.
        target = "/" + path.lstrip("/\\") + (f"?{query}" if query else "")
        shown = target.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C")
        response = HTMLResponse(
            f'<!doctype html><meta http-equiv="refresh" content="0;url={shown}"><title>whatsit</title>'
        )
        response.set_cookie(
            self._access.cookie,
            self._access.cookie_value(),
            httponly=True,
            samesite="strict",
            secure=self._access.secure,
            max_age=30 * 24 * 3600,
        )
        return response


def _refusal(status: int, reason: str) -> Response:
    return PlainTextResponse(f"whatsit: {reason}\n", status)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _with_headers(send: Send) -> Send:
    async def wrapped(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))  # type: ignore[call-overload]
            known = {name.lower() for name, _ in headers}
            headers += [header for header in SECURITY_HEADERS if header[0] not in known]
            if b"cache-control" not in known:
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await send(message)

    return wrapped  # type: ignore[return-value]
