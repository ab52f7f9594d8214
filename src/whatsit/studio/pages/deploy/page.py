"""The Deploy page: the model's files, ready folders for other programs, and the model that is used live."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from whatsit import beneath
from whatsit.deployment.targets import TARGETS
from whatsit.errors import DataError
from whatsit.studio.jobs.deployments import DeploymentView
from whatsit.studio.pages.deploy.messages import DeploymentChoice, OffersView, PackingBegun
from whatsit.studio.pages.shared.page import Page, render, studio_of

PAGE = Page("deploy", "/deploy", order=90)
router = APIRouter()


@router.get("/deploy")
def page(request: Request) -> Response:
    return render(request, "deploy", targets=list(TARGETS))


@router.get("/api/deploy")
def state(request: Request) -> DeploymentView:
    return studio_of(request).deployments.view()


@router.get("/api/deploy/targets")
def targets(request: Request, name: Annotated[str, Query(max_length=64)]) -> OffersView:
    """Which programs can run the model, and what to know before using it there."""
    return {"targets": studio_of(request).deployments.offers(name)}


@router.post("/api/deploy")
def begin(request: Request, asked: DeploymentChoice) -> PackingBegun:
    """Pack in the background; ``GET /deploy/folder.zip`` gives it when it is done."""
    studio_of(request).deployments.begin(asked.name, asked.target)
    return {"message": "packing", "values": {}}


@router.get("/deploy/folder.zip")
def folder(request: Request) -> Response:
    path = studio_of(request).deployments.archive()
    return FileResponse(beneath.checked(path), media_type="application/zip", filename=path.name)


@router.get("/deploy/{name}/int8.tflite")
def int8(request: Request, name: str) -> Response:
    path = studio_of(request).runs.files(name).int8
    return FileResponse(beneath.checked(path), media_type="application/octet-stream", filename=path.name)


@router.get("/deploy/{name}/float32.tflite")
def float32(request: Request, name: str) -> Response:
    path = studio_of(request).runs.files(name).float32
    if not path.is_file():
        raise DataError(f"{name} has no float32 file: its backbone was quantised already")
    return FileResponse(beneath.checked(path), media_type="application/octet-stream", filename=path.name)
