"""``/v2``: the Open Inference Protocol over HTTP, as KServe's and Triton's clients speak it."""

from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from whatsit.errors import ImageError
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Endpoint, Service
from whatsit.serving.shelf import LoadedModel
from whatsit.serving.tensors import HEADER, InferRequest, Output, read_infer_request, written_response
from whatsit.version import VERSION

_VERSION = "1"
"""Of every model: a file is replaced, not kept beside its successor."""


def routes(service: Service) -> list[BaseRoute]:
    """The routes."""

    def route(path: str, handler: object, method: str = "GET") -> Route:
        return Route(f"/v2{path}", Endpoint(service, handler, refuse), methods=[method])  # type: ignore[arg-type]

    both = ("/models/{model}", "/models/{model}/versions/{version}")
    return [
        route("", _server),
        route("/", _server),
        route("/health/live", _live),
        route("/health/ready", _ready),
        *(route(f"{path}/ready", _model_ready) for path in both),
        *(route(f"{path}/infer", _infer, "POST") for path in both),
        *(route(path, _model) for path in both),
    ]


def refuse(refused: RefusedError) -> Response:
    """A refusal as the protocol has it."""
    return JSONResponse({"error": refused.reason}, refused.status)


async def _server(_: Service, __: Request) -> Response:
    return JSONResponse({"name": "whatsit", "version": VERSION, "extensions": ["binary_tensor_data"]})


async def _live(_: Service, __: Request) -> Response:
    return JSONResponse({"live": True})


async def _ready(service: Service, _: Request) -> Response:
    reason = await service.ready()
    if reason is not None:
        raise RefusedError(503, reason)
    return JSONResponse({"ready": True})


async def _model_ready(service: Service, request: Request) -> Response:
    model = await _asked(service, request)
    return JSONResponse({"name": model.name, "ready": True})


async def _model(service: Service, request: Request) -> Response:
    model = await _asked(service, request)
    classes = len(model.labels)
    return JSONResponse(
        {
            "name": model.name,
            "versions": [_VERSION],
            "platform": "tflite",
            "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, -1, -1, 3]}],
            "outputs": [
                {"name": "scores", "datatype": "FP32", "shape": [-1, classes]},
                {"name": "label", "datatype": "BYTES", "shape": [-1]},
                {"name": "unknown", "datatype": "BOOL", "shape": [-1]},
            ],
            "parameters": {
                "labels": list(model.labels),
                "encoded": "BYTES of shape [-1] as well: encoded pictures; in JSON, base64",
                "width": model.preprocess.width,
                "height": model.preprocess.height,
            },
        }
    )


async def _infer(service: Service, request: Request) -> Response:
    async with service.body(request) as body:
        model = await _asked(service, request)
        length = request.headers.get(HEADER)
        asked: InferRequest = await service.parsed(lambda: read_infer_request(body, length), len(body))
        found = await service.classify(request, model.name, asked.pictures, len(model.labels))
    for answer in found.answers:
        if isinstance(answer, ImageError):
            raise answer  # tensors have no place for one picture's error
    answers = [answer for answer in found.answers if not isinstance(answer, ImageError)]
    scores = np.zeros((len(answers), len(found.model.labels)), np.float32)
    for row, answer in zip(scores, answers, strict=True):
        for prediction in answer:
            row[prediction.index] = prediction.score
    outputs = [
        Output("scores", "FP32", scores),
        Output("label", "BYTES", np.array([answer[0].label.encode() for answer in answers], object)),
        Output("unknown", "BOOL", np.array([answer.unknown for answer in answers], np.bool_)),
    ]
    head: dict[str, Any] = {"model_name": found.model.name, "model_version": _VERSION}
    if asked.id:
        head["id"] = asked.id
    content, size = written_response(head, outputs, asked)
    if size is None:
        return Response(content, media_type="application/json")
    return Response(content, media_type="application/octet-stream", headers={HEADER: str(size)})


async def _asked(service: Service, request: Request) -> LoadedModel:
    version = request.path_params.get("version", _VERSION)
    if version != _VERSION:
        raise RefusedError(404, f"version {version[:40]!r}: a model has version {_VERSION} only")
    return await service.shelf.get(request.path_params["model"])
