"""``/api/v1``: whatsit's own routes for programs."""

from typing import Literal, NotRequired

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from typing_extensions import TypedDict

from whatsit.errors import ImageError
from whatsit.serving.correcting import Correct, Corrector
from whatsit.serving.events import AnswerSource, Events
from whatsit.serving.openapi import document
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Answer, Endpoint, Service, state_of
from whatsit.serving.submission import read_submission
from whatsit.text import one_line
from whatsit.web.refusal import ErrorView

PREFIX = "/api/v1/"


class PredictionView(TypedDict):
    """A class and its score."""

    label: str
    score: float
    """0..1"""
    index: int


class AnswerView(TypedDict):
    """What a model says of one picture; ``error`` alone where it cannot be read and others of the request can."""

    state: NotRequired[str]
    """``label``, ``uncertain`` (the best score is below the threshold) or ``unknown`` (unlike every class)."""
    unknown: NotRequired[bool]
    distance: NotRequired[float]
    """To the nearest class; only of models that know it."""
    strangeness: NotRequired[float]
    """0 upwards, above 1 is unknown; only of models that can say so."""
    unknown_by: NotRequired[str]
    """Why it is unknown: ``far``, ``near``, ``marked`` or ``distance``; only where it is."""
    predictions: NotRequired[list[PredictionView]]
    """Best first; the nearest classes also where the picture is unknown."""
    error: NotRequired[str]


class AnswersView(TypedDict):
    """The answer to ``POST /api/v1/classify``."""

    model: str
    answers: list[AnswerView]
    """One per picture, in their order."""
    seconds: float


class ServedModelView(TypedDict):
    """A model that is served."""

    name: str
    state: str
    """``loaded``, ``loading``, ``broken`` or ``not loaded``: it is loaded when it is first asked for."""
    error: str | None
    """Why its file could not be loaded; one that was loaded before goes on."""
    labels: list[str] | None
    """None while it is not loaded, as all that follows."""
    threshold: float | None
    """The strangeness above which a picture is unknown; None: never."""
    width: int | None
    height: int | None


def routes(
    service: Service, answers: AnswerSource | None = None, corrector: Corrector | None = None
) -> list[BaseRoute]:
    """The routes, for an application of their own or inside the studio's.

    Args:
        answers: of a live camera; None where there is none, and no route for it.
        corrector: keeps corrections; None where there is no project for them.
    """

    def route(path: str, handler: object, method: str) -> Route:
        return Route(f"{PREFIX}{path}", Endpoint(service, handler, refuse), methods=[method])  # type: ignore[arg-type]

    async def openapi(_: Service, __: Request) -> Response:
        return JSONResponse(document(service.shelf.names(), live=answers is not None, corrects=corrector is not None))

    return [
        route("classify", _classify, "POST"),
        route("correct", Correct(corrector), "POST"),
        route("models", _models, "GET"),
        route("openapi.json", openapi, "GET"),
        *([route("events", Events(answers), "GET")] if answers is not None else []),
    ]


class RefusedView(ErrorView):
    """The answer to a request that is refused."""

    kind: NotRequired[Literal["picture"]]
    """There where it is the picture that cannot be read."""


def refuse(refused: RefusedError) -> Response:
    """A refusal as ``{"error": …}``."""
    view: RefusedView = {"error": refused.reason}
    if refused.of_picture:
        view["kind"] = "picture"
    return JSONResponse(view, refused.status)


async def _classify(service: Service, request: Request) -> Response:
    kind = request.headers.get("content-type", "")
    async with service.body(request) as body:
        asked = await service.parsed(lambda: read_submission(body, kind, request.query_params), len(body))
        name = service.chosen(asked.model)
        found = await service.classify(request, name, asked.pictures, asked.top_k, asked.threshold)
    view: AnswersView = {
        "model": name,
        "answers": [answer_view(answer, asked.threshold) for answer in found.answers],
        "seconds": round(found.seconds, 6),
    }
    return JSONResponse(view)


def answer_view(answer: Answer, threshold: float) -> AnswerView:
    """One answer for programs."""
    if isinstance(answer, ImageError):
        return {"error": one_line(answer)}
    view: AnswerView = {"state": str(state_of(answer, threshold)), "unknown": answer.unknown}
    if answer.distance is not None:
        view["distance"] = round(answer.distance, 6)
    if answer.strangeness is not None:
        view["strangeness"] = round(answer.strangeness, 6)
    if answer.unknown_by:
        view["unknown_by"] = answer.unknown_by
    view["predictions"] = [{"label": p.label, "score": round(p.score, 6), "index": p.index} for p in answer]
    return view


async def _models(service: Service, _: Request) -> Response:
    return JSONResponse({"models": [model_view(service, name) for name in service.shelf.names()]})


def model_view(service: Service, name: str) -> ServedModelView:
    """A model for programs."""
    shelf = service.shelf
    model, error = shelf.loaded(name), shelf.error(name)
    state = "loaded" if model else "loading" if shelf.is_loading(name) else "broken" if error else "not loaded"
    return {
        "name": name,
        "state": state,
        "error": error,
        "labels": list(model.labels) if model else None,
        "threshold": model.threshold if model else None,
        "width": model.preprocess.width if model else None,
        "height": model.preprocess.height if model else None,
    }
