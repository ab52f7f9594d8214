"""What can be in a variable of a script, as far as it is followed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from javascript_tree import Node
from server_types import Record

Values = dict[Any, None]
"""A set in order of insertion: ``Record``, ``ListOf``, ``MapOf``, and what is defined below."""


@dataclass(eq=False, slots=True)
class Variable:
    """What can be in one place."""

    values: Values = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Object:
    """An object that the scripts make: an object literal, a module, or every instance of a class."""

    fields: dict[str, Variable] = field(default_factory=dict)
    bases: Variable = field(default_factory=Variable)
    """What was spread or assigned into it."""

    def get(self, name: str) -> Variable:
        return self.fields.setdefault(name, Variable())


@dataclass(eq=False, slots=True)
class Array:
    """An array, a set, or the values of a map that the scripts make."""

    elements: Variable = field(default_factory=Variable)


@dataclass(eq=False, slots=True)
class Scope:
    """The variables of a block, within an outer one."""

    outer: "Scope | None"
    this: Values
    names: dict[str, Variable] = field(default_factory=dict)

    def find(self, name: str) -> Variable | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


@dataclass(eq=False, slots=True)
class Function:
    """A function that the scripts define; its parameters and results are the same for every call."""

    parameters: list[Node]
    scope: Scope
    results: Variable = field(default_factory=Variable)


@dataclass(eq=False, slots=True)
class Class:
    """A class; all its instances are one object."""

    instance: Object


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A function of ``requests.js`` or ``socket.js``."""

    name: str


def field_names(values: Iterable[Any]) -> set[str]:
    """The names of all fields of the objects among values."""
    names: set[str] = set()
    for value in values:
        if isinstance(value, Object):
            names |= {name for name in value.fields if name != "*"} | field_names(value.bases.values)
        elif isinstance(value, Record):
            names |= set(value.fields)
    return names
