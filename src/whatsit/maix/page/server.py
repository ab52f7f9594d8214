"""Serves the display's page while the program runs."""

import asyncio
import json
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from whatsit.maix.device import DEVICE
from whatsit.parallel import start_thread
from whatsit.web.access import Access
from whatsit.web.browser import open_soon
from whatsit.web.connections import Connections
from whatsit.web.guards import guards
from whatsit.web.server import WebServer

PORT = 8100
_FILES = {"/": "display.html", "/display.js": "display.js", "/display.css": "display.css"}
_WAIT_SECONDS = 1.0


def start_page(
    *, host: str = "127.0.0.1", port: int | None = None, token: str | None = None, in_browser: bool | None = None
) -> str:
    """Serve the page on a thread that ends with the program, and say on standard error where it is.

    Returns:
        The address.

    Raises:
        DataError: the port is taken, or the host is not this machine's.
    """
    server = WebServer(make_app, host=host, port=port, token=token, default_port=PORT)
    start_thread("whatsit-display", server.run)
    url = server.address.url
    print(f"whatsit: the display is at  {url}", file=sys.stderr)  # noqa: T201 - the command's output
    open_soon(server.address, in_browser)
    return url


def make_app(access: Access, connections: Connections) -> ASGIApp:
    """The page, its socket and *Exit*, behind the rules of ``access``."""
    routes: list[BaseRoute] = [Route(path, _file) for path in _FILES]
    routes += [Route("/api/exit", _exit, methods=["POST"]), WebSocketRoute("/socket", _socket)]
    return Starlette(routes=routes, middleware=guards(access, connections))


async def _file(request: Request) -> Response:
    return FileResponse(Path(__file__).parent / _FILES[request.url.path])


async def _exit(_: Request) -> Response:
    DEVICE.leaving.set()
    return JSONResponse({})


async def _socket(socket: WebSocket) -> None:
    """Sends each new picture once the page has drawn the one before; receives touches as [x, y, pressed]."""
    await socket.accept()
    await socket.send_json({"width": DEVICE.width, "height": DEVICE.height})
    drawn = asyncio.Event()
    drawn.set()
    sending = asyncio.create_task(_pictures(socket, drawn))
    try:
        while True:
            text = await socket.receive_text()
            if text == "drawn":
                drawn.set()
            else:
                _touch(text)
    except WebSocketDisconnect:
        pass
    finally:
        sending.cancel()


async def _pictures(socket: WebSocket, drawn: asyncio.Event) -> None:
    number = 0
    while True:
        await drawn.wait()
        shown = await asyncio.to_thread(DEVICE.shown_after, number, _WAIT_SECONDS)
        if shown is not None:
            drawn.clear()
            number, jpeg = shown
            await socket.send_bytes(jpeg)


def _touch(text: str) -> None:
    try:
        x, y, pressed = json.loads(text[:100])
        DEVICE.touch(int(x), int(y), bool(pressed))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return  # not from our page
