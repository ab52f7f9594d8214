"""Arguments checked by kind: a wrong one is refused with its value and what was expected."""

import operator
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from whatsit.errors import ArgumentError

T = TypeVar("T")


def short(value: object) -> str:
    """A value as an error shows it: at most 80 characters of its ``repr``, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:79] + "…"


def whole_number(value: object, name: str, least: int = 1) -> int:
    """``value`` as an ``int``, numpy's integers included.

    Raises:
        ArgumentError: not a whole number, or less than ``least``.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # what has no index is what this finds out
    except TypeError:
        number = least - 1
    if number < least:
        raise ArgumentError(f"{name} {short(value)}: expected a whole number, {least} or more")
    return number


def index(value: object, kind: str, count: int) -> int:
    """``value`` as a place among ``count`` things of a ``kind``, from 0.

    Raises:
        ArgumentError: not a whole number, negative, or ``count`` and more.
    """
    try:
        place = operator.index(value)  # type: ignore[arg-type]  # as above
    except TypeError as error:
        raise ArgumentError(f"{kind} {short(value)}: expected an index, a whole number") from error
    if not 0 <= place < count:
        reach = f"0 to {count - 1}" if count else "none yet"
        raise ArgumentError(f"{kind} {place}: no such {kind}; there are {count} ({reach})")
    return place


def unknown_rate(value: float) -> float:
    """``value`` as a share of known pictures, 0 to below 1.

    Raises:
        ArgumentError: not a number, or out of range.
    """
    if not isinstance(value, int | float) or not 0 <= value < 1:
        raise ArgumentError(f"unknown rate {short(value)}: expected a share from 0 to below 1, such as 0.05")
    return value


def seconds(value: float, name: str) -> float:
    """``value`` as a time in seconds, above 0 and at most a day.

    Raises:
        ArgumentError: not a number, or out of range.
    """
    if not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise ArgumentError(f"{name} {short(value)}: expected seconds, above 0 and at most 86400")
    return value


def row(table: Mapping[str, T], name: object, kind: str) -> T:
    """The row of a table of names.

    Args:
        kind: what the rows are, for the error: ``target``.

    Raises:
        ArgumentError: there is no row of that name.
        PluginError: an installed package announces it, and it cannot be used.
    """
    if not isinstance(name, str) or name not in table:
        raise ArgumentError(f"{kind} {short(name)}: expected one of {', '.join(table)}")
    return table[name]


def path(value: object, expected: str) -> Path:
    """``value`` as a path.

    Raises:
        ArgumentError: neither text nor a path, or of characters that no path can have.
    """
    if not isinstance(value, str | os.PathLike):
        raise ArgumentError(f"{short(value)}: expected the path of {expected}")
    try:
        impossible = b"\0" in os.fsencode(value)
    except ValueError:  # a lone surrogate
        impossible = True
    if impossible:
        raise ArgumentError(f"{short(os.fspath(value))}: no file can have this name; expected the path of {expected}")
    return Path(value)


def instance(value: T, kind: type[T], expected: str) -> T:
    """``value`` itself, if it is one of ``kind``.

    Raises:
        ArgumentError: it is not; ``expected`` says what it should be.
    """
    if not isinstance(value, kind):
        raise ArgumentError(f"{short(value)}: expected {expected}")
    return value


def several(pictures: Iterable[T]) -> Iterable[T]:
    """``pictures`` themselves, unless it is one picture, which Python would split into letters, bytes or rows.

    Raises:
        ArgumentError: one picture, or nothing that can be iterated over.
    """
    if isinstance(pictures, str | bytes | bytearray | os.PathLike) or getattr(pictures, "ndim", 4) < 4:
        raise ArgumentError(f"{short(pictures)}: one picture; expected several, such as a list of them")
    if not isinstance(pictures, Iterable):
        raise ArgumentError(f"{short(pictures)}: expected several pictures, such as a list of them")
    return pictures


def labels(values: object) -> tuple[str, ...]:
    """``values`` as labels in an order.

    Raises:
        ArgumentError: not a list or tuple of text.
    """
    if (
        not isinstance(values, Sequence)
        or isinstance(values, str | bytes)
        or not all(isinstance(value, str) for value in values)
    ):
        raise ArgumentError(
            f"labels {short(values)}: expected a list of text in the model's order, or a label file's path"
        )
    return tuple(values)


def first_few(names: Sequence[str], few: int = 3) -> str:
    """``a, b, c and 4 more``: enough of them for one line."""
    rest = f" and {len(names) - few:,} more" if len(names) > few else ""
    return ", ".join(names[:few]) + rest


_WORDS = {
    "int_parsing": "a whole number", "int_type": "a whole number", "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_parsing": "a number", "float_type": "a number", "finite_number": "a finite number",
    "bool_parsing": "true or false", "bool_type": "true or false", "string_type": "text", "list_type": "a list",
    "dict_type": "an object", "model_attributes_type": "an object", "enum": "{expected}",
    "greater_than_equal": "{ge:.15g} or more", "greater_than": "more than {gt:.15g}",
    "less_than_equal": "{le:.15g} or less", "less_than": "less than {lt:.15g}",
    "string_too_long": "at most {max_length} characters", "string_too_short": "at least {min_length} characters",
    "too_long": "at most {max_length} entries", "too_short": "at least {min_length}",
}  # fmt: skip


def expectation(found: Mapping[str, Any]) -> str:
    """What was expected, for one of pydantic's ``ValidationError.errors()``; empty for an unknown kind."""
    return _WORDS.get(found["type"], "").format(**found.get("ctx", {}))
