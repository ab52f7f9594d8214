"""``/v1/vision``: what programs send to CodeProject.AI and DeepStack: a picture is one box, the whole frame."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from whatsit.errors import ImageError
from whatsit.imaging.image import upright_size
from whatsit.models.prediction import Predictions
from whatsit.serving.form import Form, read_form
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Answered, Endpoint, Service
from whatsit.serving.submission import number
from whatsit.web.access import check_form_token

PREFIX = "/v1/vision/"
_MIN_CONFIDENCE = 0.4
"""DeepStack's own, where a program says none."""


def routes(service: Service) -> list[BaseRoute]:
    """The routes. Each reads the form first: it can have the token."""

    def route(path: str, handler: object) -> Route:
        return Route(f"{PREFIX}{path}", Endpoint(service, handler, refuse), methods=["POST"])  # type: ignore[arg-type]

    return [
        route("custom/list", _list),
        route("custom/{model}", _custom),
        route("scene", _scene),
        route("{other:path}", _other),
    ]


def refuse(refused: RefusedError) -> Response:
    """A refusal as these programs know it."""
    return JSONResponse({"success": False, "error": refused.reason, "code": refused.status}, refused.status)


async def _custom(service: Service, request: Request) -> Response:
    async with service.body(request) as body:
        form = await _form(service, request, body)
        picture, least = _asked(form)
        found = await service.classify(request, request.path_params["model"], [picture], 1)
        boxes = await _boxes(service, found, picture, least)
    return JSONResponse(_said(found, {"predictions": boxes, "count": len(boxes)}))


async def _scene(service: Service, request: Request) -> Response:
    async with service.body(request) as body:
        form = await _form(service, request, body)
        names = service.shelf.names()
        # The protocol has one scene model, and no field to say which: the first one.
        name = form.texts.get("model") or (names[0] if names else "")
        picture, least = _asked(form)
        found = await service.classify(request, name, [picture], 1)
        boxes = await _boxes(service, found, picture, least)
    answer = _answer(found)
    said = {
        "label": "unknown" if answer.unknown else answer[0].label,
        "confidence": 0.0 if answer.unknown else round(answer[0].score, 6),
        "predictions": boxes,
    }
    return JSONResponse(_said(found, said))


async def _list(service: Service, request: Request) -> Response:
    async with service.body(request) as body:
        await _form(service, request, body)
    return JSONResponse({"success": True, "models": service.shelf.names(), "code": 200})


async def _other(service: Service, request: Request) -> Response:
    async with service.body(request) as body:
        await _form(service, request, body)
    raise RefusedError(404, "there is only custom/list, custom/MODEL and scene")


async def _form(service: Service, request: Request, body: bytes) -> Form:
    """The form of a request that is let in."""
    kind = request.headers.get("content-type", "")
    form = Form()
    if body or kind:
        form = await service.parsed(lambda: read_form(body, kind), len(body))
    refused = check_form_token(request.scope, form.texts.get("api_key", ""))
    if refused is not None:
        raise RefusedError(*refused)
    return form


def _asked(form: Form) -> tuple[bytes, float]:
    """The picture, and the confidence below which there is no box."""
    least = number(form.texts, "min_confidence", _MIN_CONFIDENCE)
    if not form.files:
        raise RefusedError(400, "image is missing: expected a form with a file, as requests.post(files={'image': …})")
    if len(form.files) > 1:
        raise RefusedError(400, f"{len(form.files)} files: expected one picture; send a request for each")
    return form.files[0][1], least


def _answer(found: Answered) -> Predictions:
    answer = found.answers[0]
    assert not isinstance(answer, ImageError)  # it is raised where the only picture cannot be read
    return answer


async def _boxes(service: Service, found: Answered, picture: bytes, least: float) -> list[dict[str, Any]]:
    """The best class with the whole frame as its box; none of what is unknown, or less sure than ``least``."""
    answer = _answer(found)
    if answer.unknown or round(answer[0].score, 6) < least:
        return []
    width, height = await service.parsed(lambda: upright_size(picture), len(picture))
    return [
        {
            "label": answer[0].label, "confidence": round(answer[0].score, 6),
            "x_min": 0, "y_min": 0, "x_max": width, "y_max": height,
        }
    ]  # fmt: skip


def _said(found: Answered, more: dict[str, Any]) -> dict[str, Any]:
    milliseconds = round(found.seconds * 1000)
    return {
        "success": True,
        **more,
        "code": 200,
        "command": "custom",
        "moduleName": "whatsit",
        "model": found.model.name,
        "duration": 0,
        "inferenceMs": milliseconds,
        "processMs": milliseconds,
    }
