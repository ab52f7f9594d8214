"""What every page shares: the camera chooser and the tab's WebSocket."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, WebSocket
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from whatsit.cameras.address import parse_address
from whatsit.cameras.listing import list_cameras
from whatsit.errors import DataError, WhatsitError
from whatsit.studio.outbox import Outbox
from whatsit.studio.pages.shared.page import studio_of
from whatsit.studio.studio import Studio

router = APIRouter()
MAX_TABS = 64
_FROM_PAGES = frozenset({"synthetic", "browser", "usb", "picamera", "rtsp", "rtsps", "http", "https"})
"""Not files: who may look through the camera may not look through the machine's disk."""
_ALWAYS = [
    "lesson",
    "undo",
    "camera",
    "collection",
    "models",
    "dataset",
    "import",
    "export",
    "map",
    "check",
    "work",
    "runs",
    "deploy",
]


class CameraChoice(BaseModel):
    uri: str
    tab: str | None = None


class Show(BaseModel):
    name: str | None = None


@router.get("/api/camera")
def camera(request: Request) -> dict[str, Any]:
    return studio_of(request).camera_view()


@router.get("/api/cameras")
def cameras() -> list[dict[str, str]]:
    """The cameras of the machine the studio runs on; the demonstration scene is always there and left out."""
    return [
        {"uri": found.address, "name": found.name}
        for found in list_cameras()
        if not found.address.startswith("synthetic:")
    ]


@router.post("/api/camera")
def choose(request: Request, asked: CameraChoice) -> dict[str, Any]:
    studio = studio_of(request)
    if len(asked.uri) > 500:
        raise DataError(f"a camera's address has at most 500 characters, this has {len(asked.uri):,}")
    scheme = parse_address(asked.uri).scheme
    if scheme not in _FROM_PAGES and asked.uri != studio.first_camera:
        raise DataError(
            f"{asked.uri!r}: pages may choose {', '.join(sorted(_FROM_PAGES))}; "
            "files and folders of the studio's machine are opened with its --camera option"
        )
    studio.choose_camera(asked.uri, asked.tab)
    return {"message": "camera_chosen", "values": {}}


@router.post("/api/camera/show")
def show(request: Request, asked: Show) -> dict[str, Any]:
    studio = studio_of(request)
    studio.feed.show(asked.name)
    studio.tell_camera()
    return {"message": "showing", "values": {}}


@router.get("/stream.mjpg")
async def stream(request: Request) -> StreamingResponse:
    """The picture for other programs, as motion JPEG (multipart/x-mixed-replace)."""
    studio = studio_of(request)
    outbox = studio.hub.open()

    async def parts() -> AsyncIterator[bytes]:
        try:
            studio.hub.want(outbox, ["frame"])
            studio.attend()
            while True:
                for payload in await outbox.take():
                    if isinstance(payload, bytes):
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(payload)}\r\n\r\n"
                        yield head.encode() + payload + b"\r\n"
        finally:
            studio.hub.close(outbox)
            studio.attend()

    return StreamingResponse(parts(), media_type="multipart/x-mixed-replace; boundary=frame")


@router.websocket("/ws")
async def tab(websocket: WebSocket) -> None:
    """One tab: it says what it wants to see, sends its camera's frames, and hears the rest."""
    studio: Studio = websocket.app.state.studio
    if studio.hub.watchers() >= MAX_TABS:
        await websocket.close(1013, "too many windows")
        return
    await websocket.accept()
    outbox, name = studio.hub.open(), secrets.token_hex(8)
    outbox.put("hello", json.dumps({"kind": "hello", "tab": name}))
    for kind, message in studio.greetings().items():
        outbox.put(kind, message)
    studio.hub.want(outbox, _ALWAYS)
    sending = asyncio.create_task(_send(websocket, outbox))
    try:
        await _receive(websocket, studio, outbox, name)
    finally:
        studio.hub.close(outbox)
        studio.attend()
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


async def _receive(websocket: WebSocket, studio: Studio, outbox: Outbox, name: str) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("bytes") is not None:
            with contextlib.suppress(WhatsitError):
                studio.frame_from(name, message["bytes"])
            # The page sends its next frame when this one has been taken.
            outbox.put("taken", '{"kind": "taken"}')
        elif message.get("text") is not None:
            studio.hub.want(outbox, [*_ALWAYS, *_wishes(message["text"], studio)])
            studio.attend()


def _wishes(text: str, studio: Studio) -> list[str]:
    """``{"video": bool, "answers": model or null}`` as kinds of messages."""
    try:
        asked = json.loads(text)
        kinds = ["frame"] if asked.get("video") else []
        answers = asked.get("answers")
    except (ValueError, AttributeError):
        return []
    if isinstance(answers, str) and answers in studio.models:
        kinds.append(f"answer:{answers}")
    return kinds
