"""A tab's WebSocket: JSON and JPEG in both directions."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from whatsit.errors import WhatsitError
from whatsit.studio.outbox import Outbox, as_text
from whatsit.studio.pages.shared import messages
from whatsit.studio.pages.shared.messages import Wishes
from whatsit.studio.pages.shared.page import Page
from whatsit.studio.studio import Studio

router = APIRouter()
MAX_TABS = 64
ON_REQUEST = frozenset({"answer"})
"""Kinds that only the tabs receive that ask for them (``Wishes``)."""


def message_types(pages: Iterable[Page]) -> dict[str, type]:
    """Kind -> type of every WebSocket message, but for ``frame``, which is a JPEG file."""
    kinds = dict(messages.MESSAGES)
    for page in pages:
        kinds |= page.messages
    return kinds


@router.websocket("/ws")
async def tab(websocket: WebSocket) -> None:
    """One tab: it says which streams it subscribes to, sends its camera's frames, and hears of every change."""
    studio: Studio = websocket.app.state.studio
    if studio.hub.watchers() >= MAX_TABS:
        await websocket.close(1013, "too many windows")
        return
    outbox, name = studio.hub.open(), secrets.token_hex(8)  # before the first wait: others may be arriving too
    outbox.put("hello", as_text("hello", {"tab": name, "project": studio.project.path.name}))
    always = sorted(message_types(websocket.app.state.pages).keys() - ON_REQUEST)
    studio.hub.want(outbox, always)
    sending: asyncio.Task[None] | None = None
    try:
        await websocket.accept()
        sending = asyncio.create_task(_send(websocket, outbox))
        # Made on another thread, because an edit can hold the dataset; what is said meanwhile is newer.
        for kind, message in (await run_in_threadpool(studio.greetings)).items():
            outbox.greet(kind, message)
        await _receive(websocket, studio, outbox, name, always)
    finally:
        studio.hub.close(outbox)
        studio.attend()
        if sending is not None:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError, OSError):
                await sending


async def _send(websocket: WebSocket, outbox: Outbox) -> None:
    while True:
        for payload in await outbox.take():
            if isinstance(payload, bytes):
                await websocket.send_bytes(payload)
            else:
                await websocket.send_text(payload)


async def _receive(websocket: WebSocket, studio: Studio, outbox: Outbox, name: str, always: list[str]) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("bytes") is not None:
            with contextlib.suppress(WhatsitError):
                studio.camera.frame_from(name, message["bytes"])
            # The page sends its next frame when this one has been taken.
            outbox.put("taken", as_text("taken", {}))
        elif message.get("text") is not None:
            studio.hub.want(outbox, [*always, *_wanted(message["text"], studio)])
            outbox.put("heard", as_text("heard", {}))
            studio.attend()


def _wanted(text: str, studio: Studio) -> list[str]:
    """The kinds of messages that ``Wishes`` as JSON ask for; none where it is something else."""
    try:
        wishes = Wishes.model_validate_json(text)
    except ValidationError:
        return []
    kinds = ["frame"] if wishes.video else []
    if wishes.answers is not None and wishes.answers in studio.models:
        kinds.append(f"answer:{wishes.answers}")
    return kinds
