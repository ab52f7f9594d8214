"""The camera chooser, and the camera's picture for other programs."""

from collections.abc import AsyncIterator
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from whatsit.cameras.address import parse_address
from whatsit.cameras.listing import list_cameras
from whatsit.errors import DataError
from whatsit.studio.pages.shared.messages import CameraChoice, FoundCamera, NoValues, Reply, SceneChoice
from whatsit.studio.pages.shared.page import studio_of
from whatsit.studio.watching.feed import CameraView

router = APIRouter()
_FROM_PAGES = frozenset({"synthetic", "browser", "usb", "picamera", "rtsp", "rtsps", "http", "https"})
"""Not files: permission to look through the camera is not permission to read the machine's disk."""
_LONGEST_ADDRESS = 500


@router.get("/api/camera")
def camera(request: Request) -> CameraView:
    return studio_of(request).camera_view()


@router.get("/api/cameras")
def cameras() -> list[FoundCamera]:
    """The cameras of the studio's machine, without the demonstration scene, which is always there."""
    return [
        {"uri": found.address, "name": found.name}
        for found in list_cameras()
        if not found.address.startswith("synthetic:")
    ]


@router.post("/api/camera")
def choose(request: Request, asked: CameraChoice) -> Reply[Literal["camera_chosen"], NoValues]:
    studio = studio_of(request)
    if len(asked.uri) > _LONGEST_ADDRESS:
        raise DataError(
            f"a camera's address has at most {_LONGEST_ADDRESS} characters, this one has {len(asked.uri):,}"
        )
    scheme = parse_address(asked.uri).scheme
    if scheme not in _FROM_PAGES and asked.uri != studio.first_camera:
        raise DataError(
            f"{asked.uri!r}: pages can choose {', '.join(sorted(_FROM_PAGES))}; "
            "files and folders of the studio's machine are opened with its --camera option"
        )
    studio.choose_camera(asked.uri, asked.tab)
    return {"message": "camera_chosen", "values": {}}


@router.post("/api/camera/show")
def show(request: Request, asked: SceneChoice) -> Reply[Literal["showing"], NoValues]:
    studio = studio_of(request)
    studio.feed.show(asked.name)
    studio.tell_camera()
    return {"message": "showing", "values": {}}


@router.get("/stream.mjpg", response_model=None)
async def stream(request: Request) -> StreamingResponse:
    """The picture as motion JPEG (multipart/x-mixed-replace)."""
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
