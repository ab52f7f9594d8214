"""What rules switch: pins, which follow them, and sinks, which hear of each switching on."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from whatsit.datasets.settings_file import settings_file
from whatsit.errors import DataError
from whatsit.live.answer import Answer
from whatsit.live.sink import SinkKind
from whatsit.live.sink_thread import SinkThread
from whatsit.live.sinks import SINKS
from whatsit.live.sinks.changes import EVERY
from whatsit.live.sinks.gpio_pin import Output, levels, open_output, pin_of
from whatsit.plugins import Address
from whatsit.rules.reading import read_rules
from whatsit.rules.rule import Rule
from whatsit.validation import short

_PATIENCE = 3.0
_SCHEMES = ("gpio", "command", "webhook")
"""The sinks that switch something; the others write down what is seen."""
_SWITCHED = "gpio:, command: or webhook:"


class Action(Protocol):
    """Follows the rules of one target."""

    def follow(self, rule: Rule | None, answer: Answer | None, safe: bool) -> None:
        """Do what the rule that is on asks for.

        Args:
            rule: the rule that counts; None where all are off.
            answer: what is seen now.
            safe: whether nothing is seen, so that the safe state counts where no rule is on.
        """

    def close(self) -> None:
        """Set the safe state, and release what is held."""


class PinAction:
    """A pin that has the level of the rule that counts.

    Args:
        output: the pin.
        on: the level of each rule.
        off: the level while all are off.
        safe: the level while nothing is seen, and at the end.
    """

    def __init__(self, output: Output, on: dict[Rule, float], off: float, safe: float) -> None:
        self._output = output
        self._on, self._off, self._safe = on, off, safe
        self._level = safe

    def follow(self, rule: Rule | None, answer: Answer | None, safe: bool) -> None:
        self._set(self._on[rule] if rule is not None else self._safe if safe else self._off)

    def close(self) -> None:
        self._output.set(self._safe)
        self._output.close()

    def _set(self, level: float) -> None:
        if level != self._level:  # a servo hums when it is told again and again where it is
            self._output.set(level)
            self._level = level


class SinkAction:
    """A sink that gets the answer at which a rule switched on, on a separate thread."""

    def __init__(self, thread: SinkThread) -> None:
        self._thread = thread
        self._before: Rule | None = None

    def follow(self, rule: Rule | None, answer: Answer | None, safe: bool) -> None:
        if rule is not None and rule is not self._before and answer is not None:
            self._thread.put(answer)
        self._before = rule

    def close(self) -> None:
        self._thread.close(_PATIENCE)


Target = tuple[Rule, ...]
"""The rules that switch one thing."""


def targets(rules: Sequence[Rule]) -> dict[str, Target]:
    """The rules by what they switch: a pin, which several can share, or a sink, which each has for itself.

    Raises:
        DataError: an address that no rule can have, or rules that do not agree about a pin. Nothing is opened.
    """
    found: dict[str, Target] = {}
    first: dict[str, tuple[object, ...]] = {}
    """What all rules of a pin must share."""
    for rule in rules:
        try:
            key, shared = _switched(rule)
        except DataError as error:
            raise DataError(f"{rule.called}: {error}") from error
        found[key] = (*found.get(key, ()), rule)
        if shared != first.setdefault(key, shared):
            both = f"{found[key][0].called} and {rule.called}"
            raise DataError(f"{both}: {key}: they differ in more than the angle; give the same options in each")
    return found


def read_checked(path: Path, *, needed: bool = True) -> tuple[Rule, ...]:
    """As ``read_rules``; what the rules switch is checked, too.

    Raises:
        DataError: also as ``targets``, with the file.
    """
    rules = read_rules(path, needed=needed)
    try:
        targets(rules)
    except DataError as error:
        raise DataError(f"{settings_file(path)}: {error}") from error
    return rules


def open_actions(rules: Sequence[Rule]) -> dict[Target, Action]:
    """What the rules switch, ready: pins in their safe state. Where one cannot be opened, the others are closed.

    Raises:
        DataError: as ``targets``, or something cannot be opened.
        MissingExtraError: it needs something that is not installed.
    """
    with ExitStack() as opened:
        actions: dict[Target, Action] = {}
        for group in targets(rules).values():
            actions[group] = _opened(group)
            opened.callback(actions[group].close)
        opened.pop_all()
    return actions


def _opened(group: Target) -> Action:
    address, kind = SINKS.resolve(group[0].then)
    if address.scheme == "gpio":
        _, off, safe = levels(address)
        return PinAction(open_output(address), {rule: levels(_address(rule))[0] for rule in group}, off, safe)
    always = replace(address, options={**address.options, EVERY.name: "1"})
    return SinkAction(SinkThread(kind.open(always), lambda: None))


def parsed(then: str, choice: str) -> tuple[Address, SinkKind]:
    """The address of what a rule switches.

    Args:
        then: the address.
        choice: what can be switched, for the error.

    Raises:
        DataError: there is nothing of that kind.
        WhatsitError: an address that is not understood.
    """
    if then.isdecimal() and then.isascii() and len(then) <= 2:
        raise DataError(f"{then} is not an address; expected gpio:{then} for that pin")
    scheme = then.partition(":")[0]
    if scheme.lower() not in SINKS:
        raise DataError(f"no sink of kind {short(scheme)}; expected {choice}")
    return SINKS.parse(then)


def _address(rule: Rule) -> Address:
    address, _ = parsed(rule.then, _SWITCHED)
    if address.scheme not in _SCHEMES:
        raise address.refusal(f"not for rules; expected {_SWITCHED}")
    if address.scheme == "gpio" and "on" in address.options:
        raise address.refusal("on= is what the rule says; leave it out")
    return address


def _switched(rule: Rule) -> tuple[str, tuple[object, ...]]:
    """What a rule switches, and what other rules of the same pin must have the same."""
    address = _address(rule)
    if address.scheme != "gpio":
        return f"{rule.name}: {address.text}", ()
    shared = (*levels(address)[1:], "angle" in address.options, address.options.get("active_low", ""))
    return f"gpio:{pin_of(address)}", shared
