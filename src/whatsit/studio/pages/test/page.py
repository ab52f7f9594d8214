"""The Test page: how good a model is on pictures it has not seen."""

from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from whatsit.errors import DataError
from whatsit.studio.pages.shared.page import Page, render, studio_of

PAGE = Page("test", "/test", order=70)
router = APIRouter()

Judging: TypeAlias = Literal["test", "validation"]
"""The splits that can judge a model; only ``test`` is held out."""


class Begin(BaseModel):
    name: Annotated[str, Field(max_length=64)]
    split: str = "test"


@router.get("/test")
def page(request: Request) -> Response:
    return render(request, "test")


@router.get("/api/test")
def result(request: Request, name: str, split: Judging = "test") -> dict[str, Any]:
    """The last test of a model on a split; ``test`` is null where there was none."""
    return {"name": name, "test": studio_of(request).workshop.test_view(name, split)}


@router.post("/api/test")
def begin(request: Request, asked: Begin) -> dict[str, Any]:
    studio_of(request).workshop.test(asked.name, asked.split)
    return {"message": "test_begun", "values": {}}


@router.get("/test/{name}/report.html")
def report(request: Request, name: str, split: Judging = "test") -> Response:
    """The report as a file: opened from a disk it needs nothing else, and here it would share our origin."""
    path = studio_of(request).runs.files(name).report(split)
    if not path.is_file():
        raise DataError(f"{name} has no report on {split} pictures yet: test it on the Test page")
    return FileResponse(path, media_type="text/html", filename=f"{path.stem}-report.html")
