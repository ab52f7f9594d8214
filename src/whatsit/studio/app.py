"""The studio as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.responses import JSONResponse

from whatsit.argument import short
from whatsit.errors import WhatsitError
from whatsit.expectation import expectation
from whatsit.studio.access import Access, Gate
from whatsit.studio.limits import RequestLimits
from whatsit.studio.pages import camera, check, collect, dataset, deploy, explore, live, sweep, teach, test, train
from whatsit.studio.studio import Studio

_STATIC = Path(__file__).parent / "static"


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
    for page in (camera, teach, collect, dataset, explore, check, train, test, sweep, deploy, live):
        app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
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
