"""An ASGI application as a running server: its port, its token, its certificate, its address."""

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import uvicorn
from starlette.types import ASGIApp

from whatsit.errors import DataError
from whatsit.web.access import Access, check_token, is_loopback, new_token
from whatsit.web.connections import Connections
from whatsit.web.cookie_key import cookie_key
from whatsit.web.limits import MAX_MESSAGE_BYTES, TimedProtocol
from whatsit.web.listener import ACCEPTED_AT_ONCE, Listener
from whatsit.web.tls import self_signed

DEFAULT_PORT = 8000
_TRIES = 20
_GRACE_SECONDS = 2
_HANDSHAKE_SECONDS = 10.0
_ENDING = (signal.SIGINT, signal.SIGTERM)

MakeApp: TypeAlias = Callable[[Access, Connections], ASGIApp]
"""Makes the application once the rules of access and the counted connections are known."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server can be reached."""

    url: str
    """Complete, with the token where one is needed."""
    port: int
    moved: bool
    """Whether the usual port was taken and another one was found."""
    loopback: bool
    secure: bool
    token: str | None
    """What a program sends as ``Authorization: Bearer``; None where none is needed."""


class WebServer:
    """An application that listens on a port; ``run`` serves until it is stopped.

    Args:
        make_app: called once, before the server runs.
        host: the address to listen on. One other than loopback requires a token; one is made if none is given.
        port: None: ``default_port`` or the next free one. 0: any. Another one is used or refused.
        token: what a visitor must send, 12 characters or more; a browser only on its first visit.
        certificate_folder: where the self-signed certificate for HTTPS is kept; None: HTTP.
        default_port: where to listen if nobody says; None: ``DEFAULT_PORT``.
        ends: called when stopping begins, to end responses that would go on for ever.
        closes: called when ``run`` ends, by ``close``, or when the server cannot be made.

    Raises:
        DataError: the port is taken, the host is not this machine's, or the token is too short.
        MissingExtraError: the certificate needs something that is not installed.
    """

    def __init__(
        self,
        make_app: MakeApp,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        token: str | None = None,
        certificate_folder: Path | None = None,
        default_port: int | None = None,
        ends: Callable[[], None] = _nothing,
        closes: Callable[[], None] = _nothing,
    ) -> None:
        connections = Connections()
        with ExitStack() as undo:
            undo.callback(closes)
            if token is not None:
                check_token(token)
            files = None
            if certificate_folder is not None:
                files = self_signed(certificate_folder, [host, reachable_name(host)])
            secure = files is not None
            listener, moved = _listen(host, port, default_port or DEFAULT_PORT, connections)
            undo.callback(listener.close)
            bound = listener.getsockname()[1]
            if token is None and not is_loopback(host):
                token = new_token()
            access = Access.of(host, bound, token, secure=secure, key=cookie_key())
            listener.known = access.begins_known
            self.address = Address(_url(host, bound, token, secure), bound, moved, access.loopback, secure, token)
            """Where it can be reached."""
            self._server = _Server(_config(make_app(access, connections), files), ends)
            self._listener = listener
            self._undo = undo.pop_all()

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT, Ctrl-C or ``stop``; then close everything, whatever happened."""
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                runner.run(self._server.serve(sockets=[self._listener]))
        finally:
            self.close()

    def close(self) -> None:
        """Release the port and whatever the application needs. Closing twice is allowed."""
        self._undo.close()

    def stop(self) -> None:
        """Make ``run`` end; from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Uvicorn raises the signal that stopped it again after it has stopped; here stopping is all that is wanted."""

    def __init__(self, config: uvicorn.Config, ends: Callable[[], None]) -> None:
        super().__init__(config)
        self._ends = ends

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ends()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that ends a TLS handshake which takes too long; uvicorn leaves it asyncio's minute."""

    async def create_server(self, *arguments: Any, **settings: Any) -> asyncio.Server:
        if settings.get("ssl") is not None:
            settings |= {"ssl_handshake_timeout": _HANDSHAKE_SECONDS, "ssl_shutdown_timeout": _HANDSHAKE_SECONDS}
        return await super().create_server(*arguments, **settings)


def reachable_name(host: str) -> str:
    """The name or address by which other machines reach a server bound to ``host``."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return host
    # Connecting a datagram socket sends nothing; it only asks which of our addresses would be used.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _listen(host: str, port: int | None, default_port: int, connections: Connections) -> tuple[Listener, bool]:
    wanted = [port] if port is not None else list(range(default_port, default_port + _TRIES))
    for candidate in wanted:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, candidate, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError) as error:
            raise DataError(f"host {host!r}: no such address; use 127.0.0.1, or 0.0.0.0 for all") from error
        listener = Listener(connections, family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
            return listener, candidate != wanted[0]
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                continue
            raise DataError(
                f"cannot listen on {host} port {candidate}: {error.strerror}; choose another --host or --port"
            ) from error
    taken = f"port {port} is" if port is not None else f"ports {wanted[0]} to {wanted[-1]} are"
    raise DataError(f"{taken} taken by another program; give a free one with --port, or 0 for any")


def _config(app: ASGIApp, certificate: tuple[Path, Path] | None) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return uvicorn.Config(
        app,
        http=TimedProtocol,
        backlog=ACCEPTED_AT_ONCE,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # pictures are compressed already
        timeout_graceful_shutdown=_GRACE_SECONDS,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
    )


def _url(host: str, port: int, token: str | None, tls: bool) -> str:
    name = reachable_name(host)
    shown = f"[{name}]" if ":" in name else name
    query = f"?token={quote(token, safe='')}" if token is not None else ""
    return f"{'https' if tls else 'http'}://{shown}:{port}/{query}"
