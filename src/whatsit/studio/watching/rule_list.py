"""The rules of ``whatsit.toml`` as a page shows and changes them."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from typing_extensions import TypedDict

from whatsit.errors import DataError
from whatsit.live.answer_state import AnswerState
from whatsit.live.sinks import SINKS
from whatsit.rules.actions import parsed, targets
from whatsit.rules.dry_run import switched
from whatsit.rules.reading import rules_of
from whatsit.rules.rule import Rule, Seen
from whatsit.text import one_line


class RuleView(TypedDict):
    """A rule."""

    name: str
    label: str | None
    """What has to be seen; None where ``state`` says it."""
    state: str | None
    """``unknown``, ``uncertain`` or ``stale``; None where ``label`` says it."""
    then: str
    """The address of what is switched, without secrets."""
    seconds: float
    at_least: float
    minimum_off: float
    cooldown: float


class SwitchedView(TypedDict):
    """A rule that would have switched."""

    ago: float
    """Seconds before now."""
    rule: str
    on: bool


def rule_views(rules: Sequence[Rule]) -> list[RuleView]:
    """The rules, for the page."""
    return [
        {
            "name": rule.name,
            "label": rule.label,
            "state": None if rule.state is AnswerState.LABEL else rule.state.value,
            "then": _shown(rule),
            "seconds": rule.seconds,
            "at_least": rule.at_least,
            "minimum_off": rule.minimum_off,
            "cooldown": rule.cooldown,
        }
        for rule in rules
    ]


def version_of(rules: Sequence[Rule]) -> str:
    """Changes when the rules do."""
    return sha256(json.dumps([str(rule) for rule in rules]).encode()).hexdigest()[:16]


def changed(
    views: Sequence[Mapping[str, Any]], before: Sequence[Rule]
) -> tuple[list[dict[str, Any]], tuple[Rule, ...]]:
    """What a page sent, as tables for the file and as rules.

    Args:
        views: ``RuleView`` of each.
        before: the rules of the file. A page can keep what they switch; what is new must be something that a page may
            choose.

    Raises:
        DataError: one of them is wrong.
    """
    there = {_shown(rule): rule.then for rule in before}
    tables = [_table(view, there) for view in views]
    if not tables:
        return [], ()
    rules = rules_of({"rules": tables})
    targets(rules)
    return tables, rules


def tried(rules: Sequence[Rule], moments: Sequence[tuple[float, Seen]], now: float) -> list[SwitchedView]:
    """What rules would have done at the moments that are remembered."""
    return [{"ago": round(now - one.time, 1), "rule": one.rule, "on": one.on} for one in switched(rules, moments)]


def _table(view: Mapping[str, Any], there: Mapping[str, str]) -> dict[str, Any]:
    then = str(view["then"]).strip()
    if then in there:
        then = there[then]
    else:
        try:
            _, kind = parsed(then, "a pin, such as gpio:17")
        except DataError as error:
            raise DataError(f"{one_line(view['name'], 80)}: {error}") from error
        if not kind.page_may_choose:
            raise DataError(
                f"{one_line(view['name'], 80)}: {one_line(then, 80)}: a page can choose pins only, such as gpio:17; "
                "write programs and servers into whatsit.toml by hand"
            )
    what = {"label": view["label"]} if view["label"] is not None else {"state": view["state"]}
    numbers = {"for": "seconds", "at_least": "at_least", "minimum_off": "minimum_off", "cooldown": "cooldown"}
    given = {key: _number(view[field]) for key, field in numbers.items() if view[field]}
    return {"name": view["name"], **what, "then": then, **given}


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _shown(rule: Rule) -> str:
    return SINKS.parse(rule.then)[0].text
