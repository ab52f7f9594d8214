"""The studio as an ASGI application."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.responses import JSONResponse

from whatsit.errors import WhatsitError
from whatsit.studio.pages.check import page as check
from whatsit.studio.pages.collect import page as collect
from whatsit.studio.pages.dataset import page as dataset
from whatsit.studio.pages.deploy import page as deploy
from whatsit.studio.pages.explore import page as explore
from whatsit.studio.pages.live import page as live
from whatsit.studio.pages.shared import camera
from whatsit.studio.pages.shared.page import FOLDER, PAGES
from whatsit.studio.pages.sweep import page as sweep
from whatsit.studio.pages.teach import page as teach
from whatsit.studio.pages.test import page as test
from whatsit.studio.pages.train import page as train
from whatsit.studio.studio import Studio
from whatsit.studio.web.access import Access, Gate
from whatsit.studio.web.limits import RequestLimits
from whatsit.validation import expectation, short


class Scripts(StaticFiles):
    """The scripts, styles and drawings of a page's folder; its template and its Python are not served."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(path) if path.endswith((".js", ".css", ".svg")) else ("", None)


def create_app(studio: Studio, access: Access) -> FastAPI:
    """The pages of ``studio`` behind the rules of ``access``. The app closes the studio when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        studio.close()

    app = FastAPI(title="whatsit studio", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.studio = studio
    app.add_middleware(RequestLimits)
    app.add_middleware(Gate, access=access)
    app.add_exception_handler(WhatsitError, _explain)
    app.add_exception_handler(RequestValidationError, _explain_request)
    app.include_router(camera.router)
    for page in (teach, collect, dataset, explore, check, train, test, sweep, deploy, live):
        app.include_router(page.router)
    for name in PAGES:
        app.mount(f"/static/{name.name}", Scripts(directory=FOLDER / name.name), name=name.name)
    app.mount("/static", Scripts(directory=FOLDER / "shared" / "static"), name="static")
    return app


def _explain(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)


def _explain_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return JSONResponse({"error": "the request: expected JSON"}, 400)
    place = ".".join(str(part) for part in first["loc"][1:]) or "the request"  # without query or body in front
    if first["type"] == "missing":
        return JSONResponse({"error": f"{place} is missing"}, 400)
    expected = expectation(first)
    told = f"{place} {short(first['input'])}: expected {expected}" if expected else f"{place}: {first['msg']}"
    return JSONResponse({"error": told}, 400)
