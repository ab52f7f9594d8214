"""One rule, and how it switches on and off with what is seen: pure functions of the answers and their times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from whatsit.live.answer_state import AnswerState
from whatsit.text import one_line

_NUMBERED = re.compile("rule [0-9]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """When something is seen for some time, something is on. Times are in seconds."""

    name: str
    state: AnswerState
    """The state that the answer must have."""
    label: str | None
    """The label, where the state is one."""
    then: str
    """The address of what is switched."""
    seconds: float = 0.0
    """How long it must have been seen without a break."""
    at_least: float = 0.0
    """The score below which it does not count as seen, 0..1."""
    minimum_off: float = 0.0
    """How long it stays off at least."""
    cooldown: float = 0.0
    """From one switching on to the next at least."""

    @property
    def called(self) -> str:
        """The rule as messages name it, on one line: ``rule left``, or ``rule 1`` where it has no name."""
        name = one_line(self.name, 80)
        return name if _NUMBERED.fullmatch(name) else f"rule {name}"

    def matches(self, seen: "Seen") -> bool:
        """Whether this is what the rule waits for."""
        known = self.state is AnswerState.LABEL
        return seen.state is self.state and (not known or seen.label == self.label) and seen.score >= self.at_least


@dataclass(frozen=True, slots=True)
class Seen:
    """What one answer says to rules."""

    state: AnswerState
    label: str | None
    score: float


@dataclass(frozen=True, slots=True)
class RuleState:
    """Where a rule is."""

    on: bool = False
    since: float | None = None
    """Since when what it waits for has been seen; None while it is not."""
    switched_on: float | None = None
    """When it last switched on."""
    switched_off: float | None = None
    """When it last switched off."""


def step(rule: Rule, before: RuleState, seen: Seen, time: float) -> RuleState:
    """Where the rule is after one more answer.

    Args:
        before: where it was.
        seen: the answer.
        time: when its frame was taken; when nothing comes, the time now.
    """
    if not rule.matches(seen):
        off = time if before.on else before.switched_off
        return RuleState(False, None, before.switched_on, off)
    since = before.since if before.since is not None else time
    if before.on or not _may_switch_on(rule, before, since, time):
        return RuleState(before.on, since, before.switched_on, before.switched_off)
    return RuleState(True, since, time, before.switched_off)


def _may_switch_on(rule: Rule, before: RuleState, since: float, time: float) -> bool:
    return (
        time - since >= rule.seconds
        and (before.switched_off is None or time - before.switched_off >= rule.minimum_off)
        and (before.switched_on is None or time - before.switched_on >= rule.cooldown)
    )


def active(rules: Sequence[Rule], states: Sequence[RuleState]) -> Rule | None:
    """Of several rules for one target, the one that counts: what switched on last; None where all are off."""
    on = [(state.switched_on or 0.0, at) for at, state in enumerate(states) if state.on]
    return rules[max(on)[1]] if on else None
