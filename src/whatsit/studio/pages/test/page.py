"""The Test page: how good a model is on pictures it has not seen."""

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.studio.jobs.workshop import JUDGING, Judging
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.pages.test.messages import Begun, LastTest, TestChoice

PAGE = Page("test", "/test", order=70)
router = APIRouter()


@router.get("/test")
def page(request: Request) -> Response:
    return render(request, "test", splits=JUDGING)


@router.get("/api/test")
def result(request: Request, name: str, split: Judging = "test") -> LastTest:
    return {"name": name, "test": studio_of(request).workshop.test_view(name, split)}


@router.post("/api/test")
def begin(request: Request, asked: TestChoice) -> Begun:
    studio_of(request).workshop.test(asked.name, asked.split)
    return {"message": "test_begun", "values": {}}


@router.get("/test/{name}/report.html")
def report(request: Request, name: str, split: Judging = "test") -> Response:
    """The report as a download, which needs nothing else; shown here it would share the studio's origin."""
    path = studio_of(request).runs.files(name).report(split)
    if not path.is_file():
        raise DataError(f"{name} has no report on {split} pictures yet: test it on the Test page")
    return FileResponse(beneath.checked(path), media_type="text/html", filename=f"{path.stem}-report.html")
