"""The Deploy page: the model's files, ready folders for other programs, and the model that is used live."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from whatsit.deployment.targets import TARGETS
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.models.taught_model import TaughtModel, evenly_sampled
from whatsit.studio.jobs.deployments import DeploymentView
from whatsit.studio.pages.deploy.messages import (
    DeploymentChoice,
    OffersView,
    PackingBegun,
    ReadingChoice,
    ReadingKept,
    ReadingValues,
)
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.reading import ReadingView, reading_view
from whatsit.tflite.normalisation import RANGES

PAGE = Page("deploy", "/deploy", order=90)
router = APIRouter()
_COMPARED = 8
"""Pictures of the dataset that readings are compared on."""


@router.get("/deploy")
def page(request: Request) -> Response:
    return render(request, "deploy", targets=list(TARGETS), ranges=list(RANGES))


@router.get("/api/deploy")
def state(request: Request) -> DeploymentView:
    return studio_of(request).deployments.view()


@router.get("/api/deploy/targets")
def targets(request: Request, name: Annotated[str, Query(max_length=64)]) -> OffersView:
    """Which programs can run the model, and what to know before using it there."""
    return {"targets": studio_of(request).deployments.offers(name)}


@router.get("/api/deploy/reading")
def reading(request: Request, name: Annotated[str, Query(max_length=64)], compare: bool = False) -> ReadingView:
    """What a model takes, gives and assumes; with ``compare``, how it answers on pictures of the dataset."""
    studio = studio_of(request)
    pictures = [path for path, _, _ in studio.project.dataset] if compare else []
    chosen = evenly_sampled(pictures, _COMPARED)
    return reading_view(studio.runs.files(name).int8, chosen)


@router.post("/api/deploy/reading")
def keep_reading(request: Request, asked: ReadingChoice) -> ReadingKept:
    """Read the model like this from now on, here and on the command line."""
    studio_of(request).keep_reading(asked.name, asked.normalise)
    values: ReadingValues = {"name": asked.name, "normalise": asked.normalise or ""}
    return {"message": "reading_forgotten" if asked.normalise is None else "reading_kept", "values": values}


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


@router.get("/deploy/{name}/dynamic.tflite")
def dynamic(request: Request, name: str) -> Response:
    """Made when it is asked for, which takes a second."""
    content = TaughtModel.from_file(studio_of(request).runs.files(name).int8).to_tflite("dynamic")
    headers = {"Content-Disposition": f'attachment; filename="{name}-dynamic.tflite"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
