"""The Deploy page: the model's files, ready folders for other programs, and the model that is used live."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from whatsit.deployment.deploy import Target
from whatsit.errors import DataError
from whatsit.studio.pages.shared.page import Page, render, studio_of

PAGE = Page("deploy", "/deploy", order=90)
router = APIRouter()


class Begin(BaseModel):
    name: Annotated[str, Field(max_length=64)]
    target: Target


@router.get("/deploy")
def page(request: Request) -> Response:
    return render(request, "deploy", targets=list(Target))


@router.get("/api/deploy")
def state(request: Request) -> dict[str, Any]:
    return studio_of(request).deployments.view()


@router.post("/api/deploy")
def begin(request: Request, asked: Begin) -> dict[str, Any]:
    """Pack in the background; ``GET /deploy/folder.zip`` gives it when it is done."""
    studio_of(request).deployments.begin(asked.name, asked.target)
    return {"message": "packing", "values": {}}


@router.get("/deploy/folder.zip")
def folder(request: Request) -> Response:
    path = studio_of(request).deployments.archive()
    return FileResponse(path, media_type="application/zip", filename=path.name)


@router.get("/deploy/{name}/int8.tflite")
def int8(request: Request, name: str) -> Response:
    path = studio_of(request).runs.files(name).int8
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


@router.get("/deploy/{name}/float32.tflite")
def float32(request: Request, name: str) -> Response:
    path = studio_of(request).runs.files(name).float32
    if not path.is_file():
        raise DataError(f"{name} has no float32 file: its backbone was quantised already")
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)
