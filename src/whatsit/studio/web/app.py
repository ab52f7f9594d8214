"""The studio as an ASGI application: every page's routes and files behind the rules of access."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from whatsit.errors import SettingError, WhatsitError
from whatsit.serving import native
from whatsit.serving.metrics import CONTENT_TYPE
from whatsit.serving.model_files import project_files
from whatsit.serving.service import Endpoint, Service
from whatsit.studio.pages.shared import camera, coach, splits, tab, why
from whatsit.studio.pages.shared.i18n import Languages
from whatsit.studio.pages.shared.page import STATIC, find_pages
from whatsit.studio.shelf import Shelf
from whatsit.studio.studio import Studio
from whatsit.text import one_line
from whatsit.validation import expectation, short
from whatsit.web.access import Access
from whatsit.web.connections import Connections
from whatsit.web.guards import guards
from whatsit.web.refusal import ErrorView

METRICS = "/metrics"


class Scripts(StaticFiles):
    """The scripts, styles and drawings directly in one folder; nothing else in it is served."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file of a path in an address; ("", None) for what is not served."""
        name = PurePosixPath(path)
        if name.suffix not in (".js", ".css", ".svg") or len(name.parts) != 1 or not path.isprintable():
            return "", None
        return super().lookup_path(path)


def create_app(
    studio: Studio,
    access: Access,
    languages: Languages | None = None,
    connections: Connections | None = None,
    shelf: Shelf | None = None,
) -> FastAPI:
    """The pages of ``studio`` behind the rules of ``access``. The app closes the studio when it ends.

    Args:
        languages: None for those that whatsit brings.
        connections: those of the server that requests come on; None where it counts none.
        shelf: the projects that pages can switch to; None: this one alone.
    """

    programs = Service(lambda: project_files(studio.project.path))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        programs.close()
        studio.close()

    async def metrics(service: Service, _: Request) -> Response:
        return Response(service.text_of_metrics() + studio.metrics.text(time.time()), media_type=CONTENT_TYPE)

    guarded = guards(access, connections, for_programs=_is_for_programs)
    app = FastAPI(
        title="whatsit studio", lifespan=lifespan, middleware=guarded, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.studio = studio
    app.state.shelf = shelf
    app.state.address = None
    app.state.languages = languages if languages is not None else Languages()
    app.state.pages = find_pages()
    app.add_exception_handler(WhatsitError, _explain)
    app.add_exception_handler(HTTPException, _explain_status)
    app.add_exception_handler(RequestValidationError, _explain_request)
    app.router.routes.extend(native.routes(programs, studio.outlets, studio.correct))
    app.router.routes.append(Route(METRICS, Endpoint(programs, metrics, native.refuse), methods=["GET"]))
    app.include_router(camera.router)
    app.include_router(tab.router)
    app.include_router(why.router)
    app.include_router(coach.router)
    app.include_router(splits.router)
    for page in app.state.pages:
        app.include_router(page.router)
        app.mount(f"/static/{page.name}", Scripts(directory=page.folder), name=page.name)
    app.mount("/static", Scripts(directory=STATIC), name="static")
    return app


def _is_for_programs(path: str) -> bool:
    return path == METRICS or path.startswith(native.PREFIX)


def _explain(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse(_refusal(error), 400)


def _explain_status(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    known = {
        404: f"{one_line(request.url.path, 100)}: there is no such page",
        405: f"{request.method}: not possible here",
    }
    view: ErrorView = {"error": known.get(error.status_code, one_line(error.detail))}
    return JSONResponse(view, error.status_code, headers=error.headers)


def _refusal(error: Exception) -> ErrorView:
    if isinstance(error, SettingError):
        return {
            "error": one_line(error), "field": error.field, "value": short(error.value), "expected": error.expected
        }  # fmt: skip
    return {"error": one_line(error.on_page if isinstance(error, WhatsitError) else error)}


def _explain_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return JSONResponse({"error": "the request: expected JSON"}, 400)
    place = ".".join(str(part) for part in first["loc"][1:]) or "the request"  # without query or body in front
    if first["type"] == "missing":
        return JSONResponse({"error": f"{place} is missing"}, 400)
    if first["type"] == "extra_forbidden":
        return JSONResponse({"error": f"{place}: there is no such field"}, 400)
    expected = expectation(first)
    reason = f"{place} {short(first['input'])}: expected {expected}" if expected else f"{place}: {first['msg']}"
    return JSONResponse({"error": one_line(reason)}, 400)
