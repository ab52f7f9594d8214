"""The studio's routes and messages, as the scripts see them: fields by name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from whatsit.studio.pages.shared import camera, coach, splits, tab, why
from whatsit.studio.pages.shared.messages import Reply, Wishes
from whatsit.studio.pages.shared.page import find_pages


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object with known fields."""

    name: str
    fields: Mapping[str, "Shape"]
    required: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class ListOf:
    """An array."""

    element: "Shape"


@dataclass(frozen=True, slots=True, eq=False)
class MapOf:
    """An object with any keys."""

    value: "Shape"


Shape = tuple[Record | ListOf | MapOf, ...]
"""What a value can be; empty for text, numbers and whatever is not known."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address."""

    method: str
    path: str
    query: frozenset[str]
    body: Record | None
    answer: Shape


@cache
def shape_of(kind: Any) -> Shape:
    """The shape of a Python type."""
    if kind is None or kind is dict:
        return ()
    schema = TypeAdapter(kind).json_schema(mode="validation")
    return _shape(schema, schema.get("$defs", {}), {})


def _shape(schema: Mapping[str, Any], known: Mapping[str, Any], made: dict[str, Shape]) -> Shape:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in made:
            made[name] = ()  # a type within itself ends here
            made[name] = _shape(known[name], known, made)
        return made[name]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return tuple(shape for one in schema[several] for shape in _shape(one, known, made))
    if schema.get("type") == "array":
        return (ListOf(_shape(schema.get("items", {}), known, made)),)
    if schema.get("type") != "object":
        return ()
    if "properties" in schema:
        fields = {name: _shape(one, known, made) for name, one in schema["properties"].items()}
        return (Record(schema.get("title", ""), fields, frozenset(schema.get("required", ()))),)
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        return (MapOf(_shape(values, known, made)),)
    return () if values is True else (Record(schema.get("title", ""), {}, frozenset()),)


@cache
def routes() -> dict[tuple[str, str], Route]:
    """Every route by method and path, with ``{}`` in place of what varies in the path."""
    return {(route.method, route.path): route for route in _routes()}


def replies() -> list[tuple[str, frozenset[str]]]:
    """Every message that a route replies with, and the names of its values."""
    found = []
    for route in _api_routes():
        if get_origin(route.response_model) is Reply:
            messages, values = get_args(route.response_model)
            names = frozenset(get_type_hints(values))
            found += [(message, names) for message in _literals(messages)]
    return found


def _literals(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [literal for part in get_args(kind) for literal in _literals(part)]


def _routes() -> Iterator[Route]:
    for route in _api_routes():
        body = shape_of(route.body_field.field_info.annotation) if route.body_field is not None else ()
        query = frozenset(parameter.alias for parameter in route.dependant.query_params)
        record = next((one for one in body if isinstance(one, Record)), None)
        for method in route.methods:
            path = re.sub(r"\{\w+\}", "{}", route.path)
            yield Route(method, path, query, record, shape_of(route.response_model))


def _api_routes() -> Iterator[APIRoute]:
    for router in (
        camera.router,
        tab.router,
        why.router,
        coach.router,
        splits.router,
        *(page.router for page in find_pages()),
    ):
        yield from (route for route in router.routes if isinstance(route, APIRoute))


@cache
def message_shapes() -> dict[str, Shape]:
    """Kind of WebSocket message -> its shape."""
    return {kind: shape_of(type_) for kind, type_ in tab.message_types(find_pages()).items()}


@cache
def wishes() -> Record:
    """What ``socket.want`` sends."""
    (record,) = shape_of(Wishes)
    assert isinstance(record, Record)
    return record


def records_in(shapes: Iterable[Shape]) -> dict[str, Record]:
    """Every record in some shapes, by name."""
    found: dict[str, Record] = {}
    waiting = list(shapes)
    while waiting:
        for one in waiting.pop():
            if isinstance(one, Record) and one.name not in found:
                found[one.name] = one
                waiting.extend(one.fields.values())
            elif isinstance(one, ListOf):
                waiting.append(one.element)
            elif isinstance(one, MapOf):
                waiting.append(one.value)
    return found
