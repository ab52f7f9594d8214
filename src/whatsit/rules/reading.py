"""``[[rules]]`` of a TOML file as rules; whatever is wrong is named with its rule and its key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whatsit.datasets.settings_file import read_document, settings_file
from whatsit.errors import DataError
from whatsit.live.answer_state import AnswerState
from whatsit.rules.rule import Rule
from whatsit.validation import short

_MOST_RULES = 100
_LONGEST = 7 * 86400.0
_NUMBERS = {"for": _LONGEST, "at_least": 1.0, "minimum_off": _LONGEST, "cooldown": _LONGEST}
_KEYS = ("name", "label", "state", "then", *_NUMBERS)
_STATES = (AnswerState.UNKNOWN, AnswerState.UNCERTAIN, AnswerState.STALE)


def read_rules(path: Path, *, needed: bool = True) -> tuple[Rule, ...]:
    """The rules in a TOML file, or in ``whatsit.toml`` of a project's folder.

    Args:
        needed: whether it must have some.

    Raises:
        DataError: it cannot be read, has no rules, or one of them is wrong.
    """
    file = settings_file(path)
    document = read_document(file, "a TOML file with [[rules]]")
    if not needed and "rules" not in document:
        return ()
    try:
        return rules_of(document)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def rules_of(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules in a TOML document.

    Raises:
        DataError: there are none, or one of them is wrong.
    """
    tables = document.get("rules")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise DataError("no rules; expected tables called [[rules]]")
    if len(tables) > _MOST_RULES:
        raise DataError(f"{len(tables)} rules; expected at most {_MOST_RULES}")
    rules = tuple(_rule(table, number) for number, table in enumerate(tables, 1))
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two rules are called {short(name)}; give one of them another name")
    return rules


def _rule(table: dict[str, Any], number: int) -> Rule:
    where = f"rule {number}"
    for key in table:
        if key not in _KEYS:
            raise DataError(f"{where}: no key {short(key)}; expected {', '.join(_KEYS)}")
    name, label, state, then = (_text(table, key, where) for key in ("name", "label", "state", "then"))
    if (label is None) is (state is None):
        raise DataError(f"{where}: expected either label or state")
    if state is not None and state not in _STATES:
        raise DataError(f"{where}: state {short(state)}: expected {', '.join(_STATES)}")
    if then is None:
        raise DataError(f'{where}: then is missing; expected an address such as "gpio:17"')
    seconds, at_least, minimum_off, cooldown = (_number(table, key, most, where) for key, most in _NUMBERS.items())
    if at_least and state == AnswerState.STALE:
        raise DataError(f"{where}: at_least goes with what is seen; leave it out for stale")
    kind = AnswerState.LABEL if state is None else AnswerState(state)
    return Rule(name or where, kind, label, then, seconds, at_least, minimum_off, cooldown)


def _text(table: dict[str, Any], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip() or len(value) > 1000):
        raise DataError(f"{where}: {key} {short(value)}: expected text in quotes")
    return value


def _number(table: dict[str, Any], key: str, most: float, where: str) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise DataError(f"{where}: {key} {short(value)}: expected a number from 0 to {most:g}")
    return float(value)
