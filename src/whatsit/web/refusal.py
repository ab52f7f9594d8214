"""Answers to requests that are refused, in one form: ``ErrorView`` for programs, a line of text for people."""

import logging
from typing import NotRequired

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from typing_extensions import TypedDict

_FOR_PROGRAMS = ("/api/", "/v1/", "/v2/")
"""Where programs ask."""

_log = logging.getLogger(__name__)


class ErrorView(TypedDict):
    """The answer to every request that is refused."""

    error: str
    """Why, in one line."""
    field: NotRequired[str]
    """The setting that cannot have its value, where that is why; then with the next two."""
    value: NotRequired[str]
    expected: NotRequired[str]


def refusal(scope: Scope, status: int, reason: str, **headers: str) -> Response:
    """The answer to a request that is refused before a page sees it: JSON to programs, text elsewhere."""
    if scope["path"].startswith(_FOR_PROGRAMS):
        view: ErrorView = {"error": reason}
        return JSONResponse(view, status, headers=headers)
    return PlainTextResponse(f"whatsit: {reason}\n", status, headers=headers)


class LastResort:
    """ASGI middleware that turns an error nobody expected into one line for the visitor and an entry in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except WebSocketDisconnect:
            pass  # the visitor left while something was being sent
        except Exception as error:
            _log.exception("a request failed")
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1011})
            elif not begun:
                reason = f"something went wrong here ({type(error).__name__}); errors.log says more"
                await refusal(scope, 500, reason)(scope, receive, send)
            else:
                raise
