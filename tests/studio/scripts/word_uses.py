"""Which messages the pages' scripts and templates ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from javascript_tree import Node, parse, string, walk
from server_calls import filled_in

from whatsit.studio.pages.shared.page import FOLDER


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a message is asked for."""

    place: str
    key: str
    """``{}`` stands for what is put in while the page runs."""
    values: frozenset[str] | None
    """The names of the values that are given; None where that cannot be read off."""


def uses() -> list[Use]:
    """Every call of ``t`` in scripts and templates."""
    return [*_in_scripts(), *_in_templates()]


def _in_scripts() -> Iterator[Use]:
    for file in FOLDER.rglob("*.js"):
        for node in walk(parse(file)):
            if node.type == "call_expression" and node.roles["function"].text == "t":
                key, *values = node.roles["arguments"].children
                names = _names(values[0]) if values else frozenset()
                for one in _branches(key):
                    yield Use(one.place, string(one) if one.type == "string" else filled_in(one), names)


def _branches(key: Node) -> list[Node]:
    """The strings that an argument can be."""
    if key.type == "ternary_expression":
        return [*_branches(key.roles["consequence"]), *_branches(key.roles["alternative"])]
    return [key] if key.type in ("string", "template_string") else []


def _names(values: Node) -> frozenset[str] | None:
    if values.type != "object" or any(part.type == "spread_element" for part in values.children):
        return None
    return frozenset(part.roles["key"].text if part.type == "pair" else part.text for part in values.children)


def _in_templates() -> Iterator[Use]:
    for file in FOLDER.rglob("*.html"):
        text = file.read_text("utf-8")
        for match in re.finditer(r"(?<![\w.])t\(((?:[^()']|'[^']*'|\([^()]*\))+)\)", text):
            line = text.count("\n", 0, match.start()) + 1
            parts = [part.strip() for part in match.group(1).split(" + ")]
            literals = [part.strip("'") if re.fullmatch(r"'[^']*'", part) else "{}" for part in parts]
            yield Use(f"{file.name}:{line}", "".join(literals), None)
