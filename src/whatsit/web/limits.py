"""Limits on a request's size and on the time it takes to arrive."""

import asyncio
from typing import Any

import httptools
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from whatsit.web.refusal import refusal

MAX_BODY_BYTES = 32 * 2**20
BODY_SECONDS = 30.0
HEADER_SECONDS = 10.0
SEND_SECONDS = 30.0
"""How long a visitor can leave an answer untouched before the connection ends."""
MAX_HEADER_BYTES = 32 * 2**10
MAX_MESSAGE_BYTES = 8 * 2**20
"""One WebSocket message: a camera frame."""


_OF_UPGRADES = (b"upgrade", b"http2-settings")
"""Headers, and what the Connection header says of them."""


class RequestLimits:
    """ASGI middleware that refuses a request that is too large or does not arrive in time.

    A body that announces its length is refused before it is read; a chunked one as soon as it exceeds the limit.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = len(scope["raw_path"]) + len(scope["query_string"])
        if head + sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            await self._refuse(431, f"headers of more than {MAX_HEADER_BYTES:,} bytes", scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > MAX_BODY_BYTES:
            await self._refuse(413, f"{announced[:20]} bytes: at most {MAX_BODY_BYTES:,}", scope, receive, send)
            return
        body = _LimitedBody(receive, MAX_BODY_BYTES, BODY_SECONDS)
        try:
            await self._app(scope, body, send)
        except _RefusedError as refused:
            await self._refuse(refused.status, refused.reason, scope, receive, send)

    @staticmethod
    async def _refuse(status: int, reason: str, scope: Scope, receive: Receive, send: Send) -> None:
        await refusal(scope, status, reason, connection="close")(scope, receive, send)


class _RefusedError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason


class _LimitedBody:
    """Counts what arrives and the time it takes; waiting for a disconnect afterwards is not counted."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._most = most
        self._left = most
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise _RefusedError(408, "the request did not arrive in time") from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _RefusedError(413, f"the request is larger than {self._most:,} bytes")
        self._complete = not message.get("more_body", False)
        return message


class TimedProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1 protocol with limits on a request's headers, and on the time that reading the answer takes.

    Uvicorn waits without limit for the end of a first request's headers; a connection that sends them byte by byte,
    or never, would keep its file descriptor. So would one that never reads what it asked for. A request that is sent
    before the last one is answered (RFC 9112, 9.3.2) is not read: the connection ends after that answer, and the
    client sends it again. Uvicorn would keep any number of them, and not tell the first that its reader has left. An
    upgrade to anything but a WebSocket is ignored, and the request answered (RFC 9110, 7.8); uvicorn would lose its
    body.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._header_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._upgraded = False
        self._in_headers = True
        self._header_bytes = 0
        self._hurried = False
        """Whether a request came before the last one was answered."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        if self._hurried:
            return
        self._unset_keepalive_if_required()
        self._feed(data)
        if self._in_headers and not self._upgraded:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES and not self.transport.is_closing():
                self.send_400_response(f"headers of more than {MAX_HEADER_BYTES:,} bytes")
        if self._upgraded or self._answering():
            self._stop_timer()
        elif self._header_timer is None and not self.transport.is_closing():
            self._header_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def on_message_begin(self) -> None:
        if self._answering():
            self._hurried = True
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        self._in_headers, self._header_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if not self._hurried and not self._refuses_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._hurried:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._hurried and not self._refuses_upgrade():
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._send_timer is None:
            self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_send_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_send_timer()
        super().connection_lost(exc)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            elif not self._hurried:
                self._read_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("this is not HTTP/1.1")

    def _read_without_upgrade(self, rest: bytes) -> None:
        """Read the request anew as if it had not asked; the parser stops where the other protocol would begin."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            self.send_400_response("this is not a proxy")
            return
        head = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
        for name, value in self.headers:
            kept = value
            if name == b"connection":
                kept = b", ".join(one for one in value.split(b",") if one.strip().lower() not in _OF_UPGRADES)
            if name not in _OF_UPGRADES:
                head.append(name + b": " + kept)
        self.parser = httptools.HttpRequestParser(self)
        self._feed(b"\r\n".join(head) + b"\r\n\r\n" + rest)

    def _refuses_upgrade(self) -> bool:
        return self.parser.should_upgrade() and not self._should_upgrade()

    def _should_upgrade(self) -> bool:
        # RFC 6455, 4.1: the handshake is a GET.
        return self.parser.get_method() == b"GET" and super()._should_upgrade()

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _give_up(self) -> None:
        self._header_timer = None
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _stop_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None
