"""The calls by which scripts talk to the server, held to its routes and messages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flow_values import Object, Values, field_names
from javascript_tree import Node, string
from server_types import Record, Route, Shape


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit the server's types."""

    place: str
    text: str


class ServerCalls:
    """What ``requests.js`` and ``socket.js`` offer."""

    modules: Mapping[str, tuple[str, ...]] = {
        "requests.js": ("get", "post", "act"),
        "socket.js": ("on", "tell", "want"),
    }
    client_kinds = ("frame", "closed")
    """What ``socket.on`` hears of besides the server's messages: a picture, and the end of the connection."""

    def __init__(self, routes: Mapping[tuple[str, str], Route], kinds: Mapping[str, Shape], wishes: Record) -> None:
        self._routes, self._kinds, self._wishes = routes, kinds, wishes

    def call(self, name: str, node: Node, arguments: list[Values]) -> tuple[Values, list[Problem]]:
        """What a call gives, and what is wrong with it."""
        if name == "want":
            return {}, self._fields(node, arguments, 0, self._wishes, "socket.want")
        literal = literal_of(node)
        if literal is None:
            return {}, [Problem(node.place, f"{name}: the first argument must be a literal")]
        if name in ("on", "tell"):
            known = literal in self._kinds or literal in self.client_kinds
            return {}, [] if known else [Problem(node.place, f"there is no message of the kind {literal!r}")]
        method = "GET" if name == "get" else "POST"
        route = self._routes.get((method, literal))
        if route is None:
            return {}, [Problem(node.place, f"there is no route {method} {literal}")]
        query = Record("the query", dict.fromkeys(route.query, ()), frozenset())
        where = f"{method} {literal}"
        if name == "get":
            problems = self._fields(node, arguments, 1, query, where)
        else:
            body = route.body if route.body is not None else Record("no body", {}, frozenset())
            problems = self._fields(node, arguments, 1, body, where)
            if name == "post":
                problems += self._fields(node, arguments, 2, query, where)
            for options in arguments[2] if name == "act" and len(arguments) > 2 else ():
                if isinstance(options, Object) and "query" in options.fields:
                    problems += self._fields(node, [options.fields["query"].values], 0, query, where)
        return dict.fromkeys(route.answer), problems

    def heard(self, name: str, node: Node) -> Values | None:
        """What the listener of ``socket.on`` is called with; None for other calls."""
        if name != "on":
            return None
        return dict.fromkeys(self._kinds.get(literal_of(node) or "", ()))

    @staticmethod
    def _fields(node: Node, arguments: list[Values], place: int, record: Record, where: str) -> list[Problem]:
        """Whether an argument's fields are those of a record; an argument that is no object is not looked at."""
        if place >= len(arguments):
            needed = record.required
            return [Problem(node.place, f"{where}: {', '.join(sorted(needed))} is not sent")] if needed else []
        found = []
        for value in arguments[place]:
            if isinstance(value, Object):
                names = field_names([value])
                found += [f"{where}: {record.name} has no field {name!r}" for name in names - set(record.fields)]
                found += [f"{where}: {name!r} is not sent" for name in record.required - names]
        return [Problem(node.place, text) for text in sorted(found)]


def literal_of(node: Node) -> str | None:
    """The first argument of a call where it is a literal, with ``{}`` for what is put into it."""
    arguments = node.roles["arguments"].children
    if not arguments:
        return None
    if arguments[0].type == "string":
        return string(arguments[0])
    if arguments[0].type == "template_string":
        return filled_in(arguments[0])
    return None


def filled_in(template: Node) -> str:
    """A template string with ``{}`` for what is put into it."""
    return re.sub(r"\$\{[^}]*\}", "{}", template.text.strip("`"))
