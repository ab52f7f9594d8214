"""For those that watch the server: ``/metrics``, ``/healthz``, ``/readyz``, and a line at ``/``."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from whatsit.serving.metrics import CONTENT_TYPE
from whatsit.serving.native import refuse
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Endpoint, Service


def routes(service: Service) -> list[BaseRoute]:
    """The routes."""

    def route(path: str, handler: object) -> Route:
        return Route(path, Endpoint(service, handler, refuse), methods=["GET"])  # type: ignore[arg-type]

    return [route("/", _front), route("/healthz", _alive), route("/readyz", _ready), route("/metrics", _metrics)]


async def _front(service: Service, _: Request) -> Response:
    names = ", ".join(service.shelf.names()) or "none yet"
    return PlainTextResponse(f"whatsit serves {names}. What it understands: /api/v1/openapi.json\n")


async def _alive(_: Service, __: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _ready(service: Service, _: Request) -> Response:
    reason = await service.ready()
    if reason is not None:
        raise RefusedError(503, reason)
    return PlainTextResponse("ok\n")


async def _metrics(service: Service, _: Request) -> Response:
    return Response(service.text_of_metrics(), media_type=CONTENT_TYPE)
