"""The rules as a sink: answers go in, and pins and sinks follow."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from whatsit.errors import DataError
from whatsit.live.answer import Answer
from whatsit.live.answer_state import AnswerState
from whatsit.live.controls import Controls
from whatsit.live.sinks.wanted_label import labels_of
from whatsit.logs import described
from whatsit.parallel import start_thread
from whatsit.rules.actions import Action, Target
from whatsit.rules.missing_label import missing_labels
from whatsit.rules.rule import Rule, RuleState, Seen, active, step

_log = logging.getLogger(__name__)
_TICK = 0.2
"""Seconds between looks while no answers come: rules for *stale* wait for time, not for frames."""


class RulesSink:
    """Carries out rules; at the end, and while the answer is stale, everything is in its safe state.

    Args:
        actions: what each group of rules switches.
        clock: seconds since 1970.
    """

    changes_kept = 1024

    def __init__(
        self, rules: Sequence[Rule], actions: Mapping[Target, Action], clock: Callable[[], float] = time.time
    ) -> None:
        self.name = "rules"
        self._actions = actions
        self._states = dict.fromkeys(rules, RuleState())
        self._clock = clock
        self._answer: Answer | None = None
        self._complained = False
        self._controls: Controls | None = None
        self._labels: Sequence[str] = ()
        """The classes of the model that the rules were last compared with."""
        self._guard = threading.Lock()
        self._ended = threading.Event()
        try:
            self._ticking = start_thread("rules", self._tick)
        except DataError:
            for action in actions.values():
                with contextlib.suppress(Exception):  # the others must be safe all the same
                    action.close()
            raise

    @property
    def on(self) -> tuple[str, ...]:
        """The names of the rules that are on."""
        return tuple(rule.name for rule, state in self._states.items() if state.on)

    def attach(self, controls: Controls) -> None:
        """Say which rules wait for classes that the model does not have; again whenever it has others."""
        self._controls = controls
        self._compare()

    def send(self, answer: Answer) -> None:
        """Switch what is to be switched after this answer.

        Raises:
            WhatsitError: something cannot be switched; the others are.
        """
        self._compare()
        with self._guard:
            self._answer = answer
            self._advance(answer, self._clock() if answer.state is AnswerState.STALE else answer.time)

    def close(self) -> None:
        """Set everything to its safe state."""
        self._ended.set()
        self._ticking.join()
        failed: Exception | None = None
        for action in self._actions.values():
            try:
                action.close()
            except Exception as error:  # the others must be safe all the same
                failed = error
        if failed is not None:
            raise failed

    def _compare(self) -> None:
        labels = labels_of(self._controls)
        if labels != self._labels:
            self._labels = labels
            for line in missing_labels(tuple(self._states), labels):
                _log.warning("%s", line)

    def _tick(self) -> None:
        while not self._ended.wait(_TICK):
            with self._guard:
                if self._answer is not None and self._answer.state is AnswerState.STALE:
                    try:
                        self._advance(self._answer, self._clock())
                    except Exception as error:  # said once; the next look tries again
                        if not self._complained:
                            _log.warning("rules: %s", described(error))
                        self._complained = True

    def _advance(self, answer: Answer, now: float) -> None:
        seen = Seen(answer.state, answer.label, answer.score)
        self._states = {rule: step(rule, state, seen, now) for rule, state in self._states.items()}
        failed: Exception | None = None
        for group, action in self._actions.items():
            try:
                rule = active(group, [self._states[one] for one in group])
                action.follow(rule, answer, answer.state is AnswerState.STALE)
            except Exception as error:  # one broken wire must not keep the others from moving
                failed = error
        if failed is not None:
            raise failed
