"""The routes of other servers' protocols as an OpenAPI document, so that a fuzzer can send to them."""

from typing import Any

_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_NAME = {
    "name": "model",
    "in": "path",
    "required": True,
    "schema": {"anyOf": [{"const": "places"}, {"type": "string"}]},
}
_VERSION = {"name": "version", "in": "path", "required": True, "schema": {"enum": ["1", "2", "x"]}}
_TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape", "data"],
    "properties": {
        "name": {"anyOf": [{"const": "image"}, {"type": "string"}]},
        "datatype": {"enum": ["UINT8", "BYTES", "FP32", "BOOL", "x"]},
        "shape": {"type": "array", "items": {"type": "integer"}, "maxItems": 5},
        "data": {"type": "array", "maxItems": 12},
        "parameters": {"type": "object"},
    },
}
_INFER = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "inputs": {"type": "array", "items": _TENSOR, "maxItems": 3},
        "outputs": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "parameters": {"type": "object"},
    },
}
_FORM = {
    "type": "object",
    "properties": {
        "image": _FILE,
        "min_confidence": {"anyOf": [{"type": "number"}, {"type": "string"}]},
        "api_key": {"type": "string"},
        "model": {"type": "string"},
    },
}


def document() -> dict[str, Any]:
    """The document; what it says of answers is only that there are some."""
    get = ["/", "/healthz", "/readyz", "/metrics", "/v2", "/v2/", "/v2/health/live", "/v2/health/ready"]
    models = ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"]
    forms = ["/v1/vision/custom/list", "/v1/vision/custom/{model}", "/v1/vision/scene", "/v1/vision/{model}"]
    json, tensors, form = "application/json", "application/octet-stream", "multipart/form-data"
    infer = {json: {"schema": _INFER}, tensors: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "others", "version": "1"},
        "paths": {
            **{path: {"get": _operation(path)} for path in [*get, *models, *(f"{one}/ready" for one in models)]},
            **{f"{path}/infer": {"post": _operation(f"{path}/infer", infer)} for path in models},
            **{path: {"post": _operation(path, {form: {"schema": _FORM}})} for path in forms},
        },
    }


def _operation(path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    parameters = [one for one in (_NAME, _VERSION) if f"{{{one['name']}}}" in path]
    body = {"requestBody": {"content": content}} if content else {}
    return {"parameters": parameters, "responses": {"default": {"description": "any"}}, **body}
