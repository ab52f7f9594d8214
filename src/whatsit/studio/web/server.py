"""A studio as a running server: its port, its token, its certificate, its address."""

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI

from whatsit.datasets.places import STATE
from whatsit.errors import DataError
from whatsit.studio.studio import Studio
from whatsit.studio.web.access import Access, check_token, is_loopback, new_token
from whatsit.studio.web.app import create_app
from whatsit.studio.web.connections import Connections
from whatsit.studio.web.cookie_key import cookie_key
from whatsit.studio.web.limits import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, TimedProtocol
from whatsit.studio.web.listener import ACCEPTED_AT_ONCE, Listener
from whatsit.studio.web.tls import self_signed

DEFAULT_PORT = 8000
_TRIES = 20
_GRACE_SECONDS = 2
_HANDSHAKE_SECONDS = 10.0
_ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a studio can be opened."""

    url: str
    """Complete, with the token where one is needed."""
    port: int
    moved: bool
    """Whether the usual port was taken and another one was found."""
    loopback: bool
    secure: bool


class StudioServer:
    """A studio that listens on a port; ``run`` serves until it is stopped.

    Args:
        studio: closed when ``run`` ends, or when the server cannot be made.
        host: the address to listen on. One other than loopback requires a token; one is made if none is given.
        port: None: ``DEFAULT_PORT`` or the next free one. 0: any. Another one is used or refused.
        token: what a browser must send on its first visit; after that its cookie is enough. 12 characters or more.
        tls: serve HTTPS with a self-signed certificate.

    Raises:
        DataError: the port is taken, the host is not this machine's, or the token is too short.
        MissingExtraError: ``tls`` without cryptography.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        token: str | None = None,
        tls: bool = False,
    ) -> None:
        self._studio = studio
        connections = Connections()
        try:
            if token is not None:
                check_token(token)
            certificate = _certificate(studio.project.path, host) if tls else None
            self._listener, moved = _listen(host, port, connections)
        except BaseException:
            studio.close()
            raise
        bound = self._listener.getsockname()[1]
        if token is None and not is_loopback(host):
            token = new_token()
        access = Access.of(host, bound, token, secure=tls, key=cookie_key())
        self._listener.known = access.begins_known
        self.address = Address(_url(host, bound, token, tls), bound, moved, access.loopback, tls)
        """Where it can be opened."""
        self._server = _Server(_config(create_app(studio, access, connections=connections), certificate))

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT, Ctrl-C or ``stop``; then close the studio, whatever happened."""
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                runner.run(self._server.serve(sockets=[self._listener]))
        finally:
            self.close()

    def close(self) -> None:
        """Release the port and close the studio, if ``run`` was never called."""
        self._listener.close()
        self._studio.close()

    def stop(self) -> None:
        """Make ``run`` end; from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Uvicorn raises the signal that stopped it again after it has stopped; here stopping is all that is wanted."""

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


def _listen(host: str, port: int | None, connections: Connections) -> tuple[Listener, bool]:
    wanted = [port] if port is not None else list(range(DEFAULT_PORT, DEFAULT_PORT + _TRIES))
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


def _config(app: FastAPI, certificate: tuple[Path, Path] | None) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return uvicorn.Config(
        app,
        http=TimedProtocol,
        backlog=ACCEPTED_AT_ONCE,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # pictures are compressed already
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
    )


def _certificate(project: Path, host: str) -> tuple[Path, Path]:
    return self_signed(STATE.below(project), [host, reachable_name(host)])


def _url(host: str, port: int, token: str | None, tls: bool) -> str:
    name = reachable_name(host)
    shown = f"[{name}]" if ":" in name else name
    query = f"?token={quote(token, safe='')}" if token is not None else ""
    return f"{'https' if tls else 'http'}://{shown}:{port}/{query}"
