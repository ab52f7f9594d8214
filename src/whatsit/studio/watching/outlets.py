"""Where the answers of the model in use go besides the tabs: sinks, rules, readers of events."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from whatsit.errors import DataError, WhatsitError
from whatsit.live.answer import Answer, Stats
from whatsit.live.answer_state import AnswerState
from whatsit.live.controls import ControllingSink, Controls
from whatsit.live.sink import Sink
from whatsit.live.sink_state import SinkState
from whatsit.live.sink_thread import SinkThread
from whatsit.live.sinks.configured import SinkChoice, read_sinks
from whatsit.models.prediction import Prediction, Predictions
from whatsit.parallel import start_thread
from whatsit.rules.actions import open_actions
from whatsit.rules.reading import read_rules
from whatsit.rules.rule import Rule, Seen
from whatsit.rules.rules_sink import RulesSink
from whatsit.text import one_line

_log = logging.getLogger(__name__)
MESSAGES = 20
"""Changes that are remembered, for people."""
_MOMENTS = 10_000
REMEMBERED_SECONDS = 300.0
"""Of answers, for trying rules on them."""
TEST_LABEL = "whatsit test"
_TEST_SECONDS = 1.0
_STALE_AFTER = 5.0
"""Seconds without an answer, whatever the reason: another model is being loaded, the engine ended."""
_WATCHED_SECONDS = 6.0
_LOOK = 0.25
_PATIENCE = 2.0

Hear = Callable[[Answer | None], None]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of what is seen."""

    seen: float
    """When it was sent, in seconds since 1970."""
    state: AnswerState
    label: str | None
    score: float


@dataclass(slots=True)
class _Running:
    """A sink of the file, and how it is."""

    choice: SinkChoice
    thread: SinkThread | None
    problem: str
    """Why it could not be opened."""
    testing_until: float = 0.0
    """While it shows a test, answers do not reach it."""


class Outlets:
    """The sinks and rules of a project's ``whatsit.toml`` at work, and those who read events.

    Args:
        project: the project's folder.
        changed: called when what is wanted has changed.
    """

    def __init__(self, project: Path, changed: Callable[[], None]) -> None:
        self.model = ""
        """The model whose answers go out, as ``Models`` calls it."""
        self.problem = ""
        """Why the file's sinks are not at work."""
        self.rules_problem = ""
        """Why its rules are not."""
        self.rules: tuple[Rule, ...] = ()
        self.messages: deque[Change] = deque(maxlen=MESSAGES)
        """The last changes, the newest at the end."""
        self._project = project
        self._changed = changed
        self._guard = threading.RLock()
        """Held for moments only: answers wait for it."""
        self._loading = threading.Lock()
        self._running: list[_Running] = []
        self._carrying_out: SinkThread | None = None
        self._rules_sink: RulesSink | None = None
        self._readers: list[Hear] = []
        self._moments: deque[tuple[float, Seen]] = deque(maxlen=_MOMENTS)
        self._latest: Answer | None = None
        self._last_put = time.monotonic()
        self._watched_until = 0.0
        self._paused = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- what recognition asks

    def wants(self, model: str) -> bool:
        """Whether the answers of a model are wanted, also where no tab watches."""
        active = bool(self._running or self._carrying_out or self._readers) or time.monotonic() < self._watched_until
        return model == self.model and active and not self._paused and not self._ended.is_set()

    def put(self, model: str, answer: Answer) -> None:
        """Send an answer of the model in use everywhere; returns at once."""
        if model == self.model and not self._paused:
            self._send(answer)

    # ---- the file

    def load(self, controls: Controls) -> None:
        """Read the file, and put what it says to work in place of what was before. What cannot be is named."""
        with self._loading:
            self._stop()  # first: two cannot have one file, one pin or one outbox
            choices: tuple[SinkChoice, ...] = ()
            self.problem = ""
            try:
                choices = read_sinks(self._project)
            except WhatsitError as error:
                self.problem = one_line(error)
            running = [_opened(choice, controls) for choice in choices]
            rules_sink = self._opened_rules(controls)
            with self._guard:
                self._running, self._rules_sink = running, rules_sink
                self._carrying_out = SinkThread(rules_sink, lambda: None) if rules_sink is not None else None
            for problem in (self.problem, self.rules_problem, *(one.problem for one in running)):
                if problem:
                    _log.warning("%s", problem)
            if running or rules_sink:
                self._begin_looking()
        self._changed()

    def _opened_rules(self, controls: Controls) -> RulesSink | None:
        self.rules, self.rules_problem = (), ""
        try:
            self.rules = read_rules(self._project, needed=False)
            sink = RulesSink(self.rules, open_actions(self.rules)) if self.rules else None
        except WhatsitError as error:
            self.rules_problem = one_line(error)
            return None
        if sink is not None:
            sink.attach(controls)
        return sink

    # ---- for people

    def watch(self) -> None:
        """Let answers come for some seconds: a page shows them."""
        was = self._watched_until
        self._watched_until = time.monotonic() + _WATCHED_SECONDS
        if was < time.monotonic():
            self._begin_looking()
            self._changed()

    @property
    def sinks(self) -> list[SinkState]:
        """How each sink is doing, in the file's order."""
        return [
            one.thread.state
            if one.thread is not None
            else SinkState(one.choice.name, None, 0.0, one.problem.removeprefix(f"{one.choice.name}: "), None, 0, 0)
            for one in self._running
        ]

    @property
    def on(self) -> tuple[str, ...]:
        """The names of the rules that are on."""
        return self._rules_sink.on if self._rules_sink is not None else ()

    @property
    def moments(self) -> list[tuple[float, Seen]]:
        """What was seen lately, with times in seconds since 1970."""
        with self._guard:
            since = time.time() - REMEMBERED_SECONDS
            # A clock that was set back, or a frame that took its time, must not turn them round.
            return sorted((one for one in self._moments if one[0] >= since), key=lambda one: one[0])

    @property
    def paused(self) -> bool:
        """Whether nothing is sent."""
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        if value and not self._paused:
            self._send(_stale(self._latest))
        self._paused = value
        self._changed()

    def test(self, at: int, label: str) -> bool:
        """Send one sink a message with a label, and a second later what is true again.

        Returns:
            Whether the sink sends it at once; False where it may still wait in the sink.

        Raises:
            DataError: there is no such sink, or it could not be opened.
        """
        with self._guard:
            if not 0 <= at < len(self._running):
                raise DataError(f"sink {at + 1}: there is no such sink any more; load the page again")
            one = self._running[at]
            if one.thread is None:
                raise DataError(one.problem)
            one.testing_until = time.monotonic() + _TEST_SECONDS
            frame = self._latest.frame if self._latest is not None else None
            one.thread.put(
                Answer(AnswerState.LABEL, label, 1.0, Predictions((Prediction(label, 1.0, 0),)), frame, Stats())
            )
            return not one.thread.is_delivering_later

    # ---- readers of events

    def subscribe(self, hear: Hear) -> Callable[[], None]:
        """As ``AnswerSource.subscribe``."""
        with self._guard:
            self._readers.append(hear)
            if self._latest is not None:
                hear(self._latest)
        self._changed()
        return lambda: self._leave(hear)

    def _leave(self, hear: Hear) -> None:
        with self._guard:
            if hear in self._readers:
                self._readers.remove(hear)
        self._changed()

    def end_readers(self) -> None:
        """End every reader's stream: the server stops."""
        with self._guard:
            for hear in self._readers:
                hear(None)

    def close(self) -> None:
        """Set what was switched to its safe state, and let every sink end."""
        self._ended.set()
        self.end_readers()
        if self._thread is not None:
            self._thread.join()
        with self._loading:
            self._stop()

    # ---- the work

    def _send(self, answer: Answer) -> None:
        with self._guard:
            self._last_put = now = time.monotonic()
            if self._latest is None or self._latest.verdict != answer.verdict:
                self.messages.append(Change(time.time(), answer.state, answer.label, answer.score))
            self._latest = answer
            seen_at = time.time() if answer.state is AnswerState.STALE else answer.time
            self._moments.append((seen_at, Seen(answer.state, answer.label, answer.score)))
            for one in self._running:
                if one.thread is not None and one.testing_until < now:
                    one.thread.put(answer)
            if self._carrying_out is not None:
                self._carrying_out.put(answer)
            for hear in self._readers:
                hear(answer)

    def _begin_looking(self) -> None:
        with self._guard:
            if self._thread is None and not self._ended.is_set():
                self._thread = start_thread("outlets", self._look)

    def _look(self) -> None:
        while not self._ended.wait(_LOOK):
            if 0 < self._watched_until < time.monotonic():
                self._watched_until = 0.0
                self._changed()
            with self._guard:
                now = time.monotonic()
                late = now - self._last_put > _STALE_AFTER
                if late and self._latest is not None and self._latest.state is not AnswerState.STALE:
                    self._send(_stale(self._latest))
                for one in self._running:
                    if one.thread is not None and 0 < one.testing_until < now:
                        one.testing_until = 0.0
                        one.thread.put(_stale(None) if self._latest is None else self._latest)

    def _stop(self) -> None:
        with self._guard:
            threads = [self._carrying_out, *(one.thread for one in self._running)]
            self._running, self._carrying_out, self._rules_sink = [], None, None
        for thread in threads:
            if thread is not None:
                thread.close(_PATIENCE)


def _opened(choice: SinkChoice, controls: Controls) -> _Running:
    try:
        sink: Sink = choice.open()
    except WhatsitError as error:
        return _Running(choice, None, one_line(error))
    try:
        if isinstance(sink, ControllingSink):
            sink.attach(controls)
        return _Running(choice, SinkThread(sink, lambda: None), "")
    except WhatsitError as error:
        sink.close()
        return _Running(choice, None, one_line(error))


def _stale(last: Answer | None) -> Answer:
    if last is None:
        return Answer(AnswerState.STALE, None, 0.0, Predictions(()), None, Stats())
    return replace(last, state=AnswerState.STALE)
