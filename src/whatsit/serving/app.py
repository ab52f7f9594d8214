"""The server of ``whatsit serve`` as an ASGI application: every protocol's routes behind the rules of access."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from whatsit.serving import deepstack, health, inference_protocol, native
from whatsit.serving.correcting import Corrector
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Service
from whatsit.text import one_line
from whatsit.web.access import Access
from whatsit.web.connections import Connections
from whatsit.web.guards import guards


def create_app(
    service: Service, access: Access, connections: Connections | None = None, corrector: Corrector | None = None
) -> Starlette:
    """The routes of ``service`` behind the rules of ``access``. The app closes the service when it ends.

    Args:
        connections: those of the server that requests come on; None where it counts none.
        corrector: keeps corrections; None where there is no project for them.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    more = [route for part in (deepstack, inference_protocol, health) for route in part.routes(service)]
    return Starlette(
        routes=[*native.routes(service, corrector=corrector), *more],
        middleware=guards(
            access,
            connections,
            for_programs=lambda _: True,
            form_token=lambda path: path.startswith(deepstack.PREFIX),
        ),
        exception_handlers={HTTPException: _explain_status},
        lifespan=lifespan,
    )


def _explain_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {
        404: f"{one_line(request.url.path, 100)}: there is nothing; /api/v1/openapi.json says what there is",
        405: f"{request.method}: not possible here",
    }
    reason = known.get(error.status_code, error.detail)
    response = native.refuse(RefusedError(error.status_code, reason))
    response.headers.update(error.headers or {})
    return response
