"""The native routes as an OpenAPI document (3.1), with examples."""

from collections.abc import Sequence
from typing import Any

from whatsit.serving.events import MOST_COUNT
from whatsit.version import VERSION

_EXAMPLE: dict[str, Any] = {
    "model": "bottles",
    "answers": [
        {
            "state": "label",
            "unknown": False,
            "distance": 0.41,
            "strangeness": 0.52,
            "predictions": [
                {"label": "green", "score": 0.97, "index": 1},
                {"label": "brown", "score": 0.03, "index": 0},
            ],
        }
    ],
    "seconds": 0.021,
}
_MODEL_EXAMPLE = {
    "name": "bottles", "state": "loaded", "error": None, "labels": ["brown", "green"], "threshold": 1.0,
    "width": 224, "height": 224,
}  # fmt: skip
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
"""One pixel as PNG, in base64."""
_BASE64 = {"type": "string", "contentEncoding": "base64"}
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}


def document(models: Sequence[str], *, live: bool = False, corrects: bool = False) -> dict[str, Any]:
    """The document for a server of these models.

    Args:
        live: whether a camera's answers can be read there.
        corrects: whether corrections can be sent there.
    """
    name: dict[str, Any] = {"type": "string", "description": "Which model; not needed where there is one."}
    if models:
        name["enum"] = list(models)
    options = {
        "model": name,
        "top_k": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 5, "description": "How many classes."},
        "threshold": {
            "type": "number", "minimum": 0, "maximum": 1, "default": 0.5,
            "description": "The score below which an answer is uncertain.",
        },
    }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "whatsit", "version": VERSION, "description": "What is in a picture, for programs."},
        "paths": {
            "/api/v1/classify": {
                "post": {
                    "operationId": "classify",
                    "summary": "What is in one picture, or in each of several.",
                    "parameters": _parameters(options),
                    "requestBody": _body(_one_or_more(_FILE), _one_or_more(_BASE64), options, {"top_k": 2}),
                    "responses": {
                        "200": _json("The answers, one per picture in their order.", _answers(), _EXAMPLE),
                        "503": _error("Busy, or the model cannot be loaded; `Retry-After` says when to try again."),
                        **_errors(),
                    },
                }
            },
            "/api/v1/models": {
                "get": {
                    "operationId": "models",
                    "summary": "The models that are served.",
                    "responses": {
                        "200": _json("The models.", _models(), {"models": [_MODEL_EXAMPLE]}),
                        **{status: view for status, view in _errors().items() if status in ("401", "403")},
                    },
                }
            },
            **({"/api/v1/events": {"get": _events()}} if live else {}),
            **({"/api/v1/correct": {"post": _correct()}} if corrects else {}),
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _correct() -> dict[str, Any]:
    options = {
        "label": {
            "type": "string", "minLength": 1, "maxLength": 64,
            "description": "What it is, also a class that is new. Needed, unless `none` is true.",
        },
        "none": {"type": "boolean", "default": False, "description": "It is none of the classes."},
    }  # fmt: skip
    view = _object(
        {
            "label": {"type": ["string", "null"], "description": "null: none of the classes."},
            "new_class": {"type": "boolean"},
            "at_once": {"type": "boolean", "description": "Whether the answers to the camera follow from now on."},
        },
        ["label", "new_class", "at_once"],
    )
    return {
        "operationId": "correct",
        "summary": "What a picture is, where a model was wrong; kept in the project, on disk when it is answered.",
        "parameters": _parameters(options),
        "requestBody": _body(_FILE, _BASE64, options, {"label": "green"}),
        "responses": {
            "200": _json("It is kept.", view, {"label": "green", "new_class": False, "at_once": True}),
            "409": _error("Another process has the project."),
            "503": _error("Busy; `Retry-After` says when to try again."),
            **{status: one for status, one in _errors().items() if status != "404"},
        },
    }


def _parameters(options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in options.items()]


def _body(
    file: dict[str, Any], base64: dict[str, Any], options: dict[str, Any], example: dict[str, Any]
) -> dict[str, Any]:
    """Pictures as a form's files, as they are, or in JSON."""
    return {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _object({"image": file, **options}, ["image"])},
            "image/*": {"schema": {}},
            "application/octet-stream": {"schema": {}},
            "application/json": {
                "schema": _object({"image": base64, **options}, ["image"]),
                "example": {"image": _PIXEL, **example},
            },
        },
    }


def _events() -> dict[str, Any]:
    flag = {"type": "boolean", "default": False}
    count = {"type": "integer", "minimum": 1, "maximum": MOST_COUNT}
    example = (
        'event: answer\ndata: {"time": 1764251846.127, "state": "label", "label": "mug", "score": 0.97, '
        '"distance": 0.41, "unknown": false, "predictions": [{"label": "mug", "score": 0.98, "index": 0}], '
        '"fps": 14.2, "inference_ms": 21.4, "age_ms": 40.1, "repeated": false}\n\n'
    )
    return {
        "operationId": "events",
        "summary": "What the camera sees, as server-sent events: the newest answer, then each change.",
        "parameters": [
            {"name": "every", "in": "query", "schema": flag, "description": "Every answer, not only changes."},
            {"name": "count", "in": "query", "schema": count, "description": "End after so many; endless without it."},
        ],
        "responses": {
            "200": {
                "description": "Events called `answer`; a comment every 15 s while there are none.",
                "content": {"text/event-stream": {"schema": {"type": "string"}, "example": example}},
            },
            "503": _error("Too many readers; `Retry-After` says when to try again."),
            **{status: view for status, view in _errors().items() if status in ("400", "401", "403")},
        },
    }


def _one_or_more(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": 64}]}


def _object(properties: dict[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False
    }  # fmt: skip


def _json(text: str, schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema, "example": example}}}


def _error(text: str) -> dict[str, Any]:
    schema = _object(
        {
            "error": {"type": "string", "description": "Why, in one line."},
            "kind": {"enum": ["picture"], "description": "There where it is the picture that cannot be read."},
        },
        ["error"],
    )
    return _json(text, schema, {"error": "model 'bottle': no such model; there are: bottles"})


def _errors() -> dict[str, Any]:
    return {
        "400": _error("No picture, or an option out of range."),
        "401": _error("A token is needed."),
        "403": _error("From a page of another site."),
        "404": _error("No such model."),
        "408": _error("The request took too long to arrive."),
        "413": _error("Too large, or too many pictures."),
        "415": _error("Another content type."),
    }


def _answers() -> dict[str, Any]:
    prediction = _object(
        {
            "label": {"type": "string"},
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "index": {"type": "integer", "minimum": 0},
        },
        ["label", "score", "index"],
    )
    answer = _object(
        {
            "state": {"enum": ["label", "uncertain", "unknown"]},
            "unknown": {"type": "boolean"},
            "distance": {"type": "number"},
            "strangeness": {"type": "number", "minimum": 0, "description": "Above 1 is unknown."},
            "unknown_by": {"enum": ["far", "near", "marked", "distance"]},
            "predictions": {"type": "array", "items": prediction},
            "error": {"type": "string", "description": "Why this picture cannot be read, where others could."},
        },
        [],
    )
    return _object(
        {
            "model": {"type": "string"},
            "answers": {"type": "array", "items": answer},
            "seconds": {"type": "number", "minimum": 0},
        },
        ["model", "answers", "seconds"],
    )


def _models() -> dict[str, Any]:
    number = {"type": ["integer", "null"]}
    model = _object(
        {
            "name": {"type": "string"},
            "state": {"enum": ["loaded", "loading", "broken", "not loaded"]},
            "error": {"type": ["string", "null"]},
            "labels": {"type": ["array", "null"], "items": {"type": "string"}},
            "threshold": {"type": ["number", "null"]},
            "width": number,
            "height": number,
        },
        list(_MODEL_EXAMPLE),
    )
    return _object({"models": {"type": "array", "items": model}}, ["models"])
