"""The Projects page: the projects of the folder that the studio was started with, made and switched by name."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.errors import DataError
from whatsit.studio.pages.projects.messages import Opening, ProjectChoice, ProjectsView
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.shelf import Shelf

PAGE = Page("projects", "/projects", order=120, listed=False)
router = APIRouter()


@router.get("/projects")
def page(request: Request) -> Response:
    return render(request, "projects")


@router.get("/api/projects")
def state(request: Request) -> ProjectsView:
    shelf: Shelf | None = request.app.state.shelf
    name = studio_of(request).project.path.name
    if shelf is None:
        return {"names": [name], "open": name, "choosable": False, "problem": ""}
    return {"names": shelf.names(), "open": name, "choosable": True, "problem": shelf.problem}


@router.post("/api/projects/open")
def open_project(request: Request, asked: ProjectChoice) -> Opening:
    """Close this project and open another one at the same address."""
    shelf = _shelf(request)
    if asked.name == studio_of(request).project.path.name:
        raise DataError(f"project {asked.name!r}: is open already")
    _check_idle(request)
    shelf.open(asked.name)
    return {"message": "opening", "values": {"name": asked.name}}


@router.post("/api/projects/make")
def make_project(request: Request, asked: ProjectChoice) -> Opening:
    """Make a project and open it."""
    shelf = _shelf(request)
    _check_idle(request)
    shelf.make(asked.name)
    return {"message": "opening", "values": {"name": asked.name}}


def _shelf(request: Request) -> Shelf:
    shelf: Shelf | None = request.app.state.shelf
    if shelf is None:
        raise DataError("this studio was started on one project: start it with --projects FOLDER to switch")
    return shelf


def _check_idle(request: Request) -> None:
    studio = studio_of(request)
    if studio.workshop.running or studio.importing.background.running:
        raise DataError("a training, test, sweep or import is running: wait for it or stop it, then switch")
