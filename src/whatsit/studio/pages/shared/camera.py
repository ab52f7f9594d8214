"""The camera chooser, and the camera's picture for other programs."""

from collections.abc import AsyncIterator
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from whatsit.cameras import CameraSource, list_cameras
from whatsit.cameras.opening import camera_source
from whatsit.cameras.region import Region
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import DataError
from whatsit.studio.outbox import Outbox
from whatsit.studio.pages.shared.messages import CameraChoice, Cameras, NoValues, RegionChoice, Reply, SceneChoice
from whatsit.studio.pages.shared.page import studio_of
from whatsit.studio.studio import Studio
from whatsit.studio.watching.feed import CameraView
from whatsit.web.refusal import ErrorView

router = APIRouter()
_LONGEST_ADDRESS = 500
MAX_STREAMS = 16
"""Readers of the picture at a time; they take no tab's place."""


@router.get("/api/camera")
def camera(request: Request) -> CameraView:
    return studio_of(request).camera.view()


@router.get("/api/cameras")
def cameras() -> Cameras:
    """What a page can choose."""
    return {
        "found": [
            {
                "uri": found.address,
                "name": found.name,
                "scheme": CAMERAS.parse(found.address)[0].scheme,
                "device": found.device,
            }
            for found in list_cameras()
            if camera_source(found.address).page_may_choose
        ],
        "examples": [source.example for source in _choosable() if not source.fed_by_page],
    }


@router.post("/api/camera")
def choose(request: Request, asked: CameraChoice) -> Reply[Literal["camera_chosen"], NoValues]:
    studio = studio_of(request)
    if len(asked.uri) > _LONGEST_ADDRESS:
        raise DataError(
            f"a camera's address has at most {_LONGEST_ADDRESS} characters, this one has {len(asked.uri):,}"
        )
    if not camera_source(asked.uri).page_may_choose and asked.uri != studio.camera.first:
        raise DataError(
            f"{asked.uri!r}: pages can choose  {'  '.join(source.example for source in _choosable())}; "
            "files and folders of the studio's machine are opened with its --camera option"
        )
    studio.camera.choose(asked.uri, asked.tab)
    return {"message": "camera_chosen", "values": {}}


@router.post("/api/camera/show")
def show(request: Request, asked: SceneChoice) -> Reply[Literal["showing"], NoValues]:
    studio = studio_of(request)
    studio.feed.show(asked.name)
    studio.tell_camera()
    return {"message": "showing", "values": {}}


@router.post("/api/camera/region")
def region(request: Request, asked: RegionChoice) -> Reply[Literal["region_chosen", "region_cleared"], NoValues]:
    studio_of(request).camera.choose_region(None if asked.region is None else Region(*asked.region))
    return {"message": "region_chosen" if asked.region else "region_cleared", "values": {}}


def _choosable() -> list[CameraSource]:
    return [source for source in CAMERAS.rows() if source.page_may_choose]


@router.get("/stream.mjpg", response_model=None)
async def stream(request: Request) -> Response:
    """The picture as motion JPEG (multipart/x-mixed-replace)."""
    return _Stream(studio_of(request))


class _Stream(Response):
    """Frames until the reader leaves; its place among the readers is free again then, however it left."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        studio = self._studio
        if studio.hub.watchers("stream") >= MAX_STREAMS:
            view: ErrorView = {"error": f"{MAX_STREAMS} programs read the camera's picture already; end one of them"}
            await JSONResponse(view, 503)(scope, receive, send)
            return
        outbox = studio.hub.open("stream")
        try:
            studio.hub.want(outbox, ["frame"])
            studio.attend()
            parts = StreamingResponse(_parts(outbox), media_type="multipart/x-mixed-replace; boundary=frame")
            await parts(scope, receive, send)
        finally:
            studio.hub.close(outbox)
            studio.attend()


async def _parts(outbox: Outbox) -> AsyncIterator[bytes]:
    while True:
        for payload in await outbox.take():
            if isinstance(payload, bytes):
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(payload)}\r\n\r\n"
                yield head.encode() + payload + b"\r\n"
