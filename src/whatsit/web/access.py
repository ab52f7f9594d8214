"""Who can talk to a server of ours: Host, Origin and token are checked before anything else sees a request."""

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whatsit.errors import DataError
from whatsit.web.connections import Connections
from whatsit.web.cookie_key import new_key
from whatsit.web.guesses import Guesses
from whatsit.web.refusal import refusal

SHORTEST_TOKEN = 12
"""Characters of a token that a person chooses."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_FORM_TOKEN = "whatsit.form_token"  # noqa: S105 - a key of the scope
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


def check_token(token: str) -> str:
    """``token`` itself, if it can keep strangers out.

    Raises:
        DataError: it is too short, or a program could not send it in a header.
    """
    if len(token) < SHORTEST_TOKEN or not (token.isascii() and token.isprintable()) or token != token.strip():
        raise DataError(
            f"token of {len(token)} characters: expected {SHORTEST_TOKEN} or more letters, digits and signs; "
            "without one, the server makes its own where it needs one"
        )
    return token


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
    key: bytes = field(default_factory=new_key, repr=False)
    """What cookies are made with beside the token: who guesses tokens cannot try them as cookies."""

    @classmethod
    def of(
        cls,
        host: str,
        port: int,
        token: str | None,
        secure: bool = False,
        names: Iterable[str] = (),
        key: bytes | None = None,
    ) -> "Access":
        """The rules for a server bound to ``host``.

        Args:
            names: further host names that it is reached by.
            key: None: cookies are good for this server alone.
        """
        loopback = is_loopback(host)
        known = {"localhost", *(name.lower() for name in names)}
        if not loopback:
            own = socket.gethostname().lower()
            known |= {host.lower(), own, f"{own}.local"}
        return cls(port, loopback, token, frozenset(known), secure, key or new_key())

    def host_allowed(self, host: str) -> bool:
        """Whether a Host header, ``name`` or ``name:port``, is ours."""
        name, address = _host_of(host)
        return name in self.names or (address is not None and (address.is_loopback or not self.loopback))

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
        """The cookie's value: a keyed digest, so that neither reveals the other."""
        return hmac.new(self.key, f"whatsit cookie {self.token}".encode(), hashlib.sha256).hexdigest()

    def has_cookie(self, headers: Headers) -> bool:
        """Whether a request has the cookie of a visitor who showed the token before."""
        value = cookie(headers.get("cookie", ""), self.cookie)
        return value is not None and _equal(value, self.cookie_value())

    def begins_known(self, head: bytes) -> bool:
        """Whether the beginning of a request is from someone with the cookie, or nobody needs one.

        The token itself does not count: how soon an answer comes would tell who guesses it that it is right.
        """
        if self.token is None:
            return True
        for line in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "cookie" and self.has_cookie(Headers({"cookie": value})):
                return True
        return False


def cookie(header: str, name: str) -> str | None:
    """The value of one cookie in a Cookie header (RFC 6265, 5.4), None where it is not there."""
    # Python's SimpleCookie takes quadratic time for some headers, and refuses all cookies for the sake of one.
    for pair in header.split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            return value.strip()
    return None


@lru_cache(maxsize=64)
def _host_of(header: str) -> tuple[str, ipaddress.IPv4Address | ipaddress.IPv6Address | None]:
    """The name in a Host header, and the address that it is; nothing where it cannot be read."""
    try:
        name = urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return "", None
    try:
        return name, ipaddress.ip_address(name)
    except ValueError:
        return name, None


def _bearer(headers: Headers) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value if scheme.lower() == "bearer" else ""


def check_form_token(scope: Scope, shown: str) -> tuple[int, str] | None:
    """Judge the token in a form, on a path for which ``Gate`` leaves that to the application.

    Returns:
        The status and the reason where the sender is not let in; None: they are.
    """
    judge: Callable[[str], tuple[int, str] | None] | None = scope.get(_FORM_TOKEN)
    return judge(shown) if judge is not None else None


def nowhere(_: str) -> bool:
    """A rule for no path."""
    return False


class Gate:
    """ASGI middleware that passes on what ``Access`` allows and refuses the rest with one line.

    Args:
        connections: those that requests come on; one whose request is passed on is not ended for a newcomer.
        guesses: the wrong tokens so far.
        for_programs: the paths where changes are accepted without an Origin, which browsers send with every POST,
            unless a cookie is all that lets the sender in. Pages of other sites can do nothing there.
        form_token: the paths where a POST without any token is passed on: the application reads the form and asks
            ``check_form_token`` before it does anything else.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        connections: Connections,
        guesses: Guesses | None = None,
        *,
        for_programs: Callable[[str], bool] = nowhere,
        form_token: Callable[[str], bool] = nowhere,
    ) -> None:
        self._app = app
        self._access = access
        self._connections = connections
        self._guesses = guesses or Guesses()
        self._for_programs = for_programs
        self._form_token = form_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            if self._refuses_websocket(scope, headers):
                await receive()
                await send({"type": "websocket.close", "code": 4403})
                return
        elif (refused := self._refuse_http(scope, headers)) is not None:
            await refused(scope, receive, send)
            return
        with ExitStack() as working:

            async def arrived() -> Message:
                message = await receive()
                if not message.get("more_body"):  # one that sends its body for ever holds no place for ever
                    working.enter_context(self._connections.working(scope["client"]))
                return message

            if scope["type"] == "websocket" or scope["method"] in _SAFE_METHODS:
                working.enter_context(self._connections.working(scope["client"]))
                await self._app(scope, receive, send)
            else:
                await self._app(scope, arrived, send)

    def _refuse_http(self, scope: Scope, headers: Headers) -> Response | None:
        access = self._access
        if len(headers.getlist("host")) > 1:
            return refusal(scope, 400, "more than one Host header")
        if not access.host_allowed(headers.get("host", "")):
            return refusal(scope, 421, "this server does not answer to that name; use the address it printed")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.pop("token", [""])[0] if scope["method"] == "GET" else ""
        unknown = self._unknown(scope, headers, given)
        if unknown is not None:
            return refusal(scope, *unknown)
        if given and access.token is not None and _equal(given, access.token):
            return self._welcome(scope["path"], urlencode(query, doseq=True))
        if not self._origin_allowed(scope, headers):
            return refusal(scope, 403, "requests from pages of other sites are refused, and changes without Origin")
        return None

    def _origin_allowed(self, scope: Scope, headers: Headers) -> bool:
        for_programs = self._for_programs(scope["path"])
        if scope["method"] in _SAFE_METHODS and not for_programs:
            return True
        if for_programs and "origin" not in headers:
            # A cookie alone is not enough: who has one is a browser, and that says its Origin where it matters.
            by_program = self._access.token is None or bool(_bearer(headers)) or _FORM_TOKEN in scope
            return by_program or scope["method"] in _SAFE_METHODS
        return self._access.same_origin(headers)

    def _refuses_websocket(self, scope: Scope, headers: Headers) -> bool:
        access = self._access
        return not (
            access.host_allowed(headers.get("host", ""))
            and access.same_origin(headers)
            and self._unknown(scope, headers, "") is None
        )

    def _unknown(self, scope: Scope, headers: Headers, given: str) -> tuple[int, str] | None:
        """Why a visitor is not let in: the status and the reason; ``given`` is the token in the address."""
        token = self._access.token
        if token is None or self._access.has_cookie(headers):
            return None
        shown = given or _bearer(headers)
        if not shown and scope["method"] == "POST" and self._form_token(scope["path"]):
            scope[_FORM_TOKEN] = lambda text: self._judged(scope, text)
            return None
        return self._judged(scope, shown)

    def _judged(self, scope: Scope, shown: str) -> tuple[int, str] | None:
        if shown:
            host = str((scope["client"] or ("",))[0])
            if not self._guesses.allowed(host):
                return 429, "too many wrong tokens came from your address; wait a minute and try again"
            if _equal(shown, self._access.token or ""):
                return None
            self._guesses.wrong(host)
        if self._form_token(scope["path"]):
            return 401, "a token is needed: send it in the form as api_key, or as Authorization: Bearer"
        if self._for_programs(scope["path"]):
            return 401, "a token is needed: send it as Authorization: Bearer"
        return 401, "a token is needed: open the printed address with ?token=, or send it as Authorization: Bearer"

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


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class SecurityHeaders:
    """ASGI middleware that adds ``SECURITY_HEADERS`` to every answer, refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                known = {name.lower() for name, _ in headers}
                headers += [header for header in SECURITY_HEADERS if header[0] not in known]
                if b"cache-control" not in known:
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, with_headers)
