"""The thread that calls a sink, and what it knows of it."""

import logging
import threading
import time
from collections.abc import Callable

from whatsit.errors import StoppedError, WhatsitError
from whatsit.live.answer import Answer
from whatsit.live.sink import EventSink, LeavingSink, Sink
from whatsit.live.sink_queue import SinkQueue
from whatsit.live.sink_state import DeliveringSink, Delivery, SinkState
from whatsit.parallel import start_thread
from whatsit.text import one_line

_log = logging.getLogger(__name__)


class SinkThread:
    """Hands answers to a sink on a separate thread.

    Args:
        end: called when the sink asks to end the engine.
    """

    def __init__(self, sink: Sink, end: Callable[[], None]) -> None:
        self._sink = sink
        self._end = end
        self._name = one_line(getattr(sink, "name", type(sink).__name__))
        self._waiting = SinkQueue(sink.changes_kept if isinstance(sink, EventSink) else 0)
        self._calls = Delivery()
        self._busy_since: float | None = None
        self._thread = start_thread(f"sink {type(sink).__name__}", self._run)

    @property
    def is_delivering_later(self) -> bool:
        """Whether an answer that the sink took may still wait in it."""
        return isinstance(self._sink, DeliveringSink)

    @property
    def state(self) -> SinkState:
        """How the sink is doing."""
        calls = self._calls
        later = self._sink.delivery if isinstance(self._sink, DeliveringSink) else Delivery(calls.last_sent)
        failing = calls if calls.failing_since is not None else later
        return SinkState(
            self._name,
            later.last_sent,
            failing.failing_since,
            failing.error,
            self._busy_since,
            self._waiting.waiting + later.waiting,
            self._waiting.dropped + later.dropped,
        )

    def put(self, answer: Answer) -> None:
        """Hand over an answer. Never waits."""
        self._waiting.put(answer)

    def close(self, patience: float) -> None:
        """Let the sink take what waits and close it; one that hangs is left behind after ``patience`` seconds."""
        self._waiting.close()
        if self._thread is threading.current_thread():
            return
        self._thread.join(patience)
        if self._thread.is_alive():
            _log.warning("%s does not end; it is left behind", self._name)
            if isinstance(self._sink, LeavingSink):
                self._sink.leave()

    def _run(self) -> None:
        while (answer := self._waiting.take()) is not None:
            self._busy_since = time.time()
            try:
                done = self._sink.send(answer)
            except StoppedError:
                self._end()
                break
            except Exception as error:  # a sink's trouble is its own: neither the camera nor other sinks wait for it
                self._complain(error)
            else:
                if done is not False:
                    self._done()
            finally:
                self._busy_since = None
        try:
            self._sink.close()
        except Exception as error:
            self._complain(error)

    def _done(self) -> None:
        if self._calls.failing_since is not None:
            _log.warning("%s works again", self._name)
        self._calls = self._calls.sent(time.time())

    def _complain(self, error: Exception) -> None:
        text = one_line(error if isinstance(error, WhatsitError) else f"{type(error).__name__}: {error}")
        if self._calls.failing_since is None:
            _log.warning("%s failed: %s", self._name, text)
        self._calls = self._calls.failed(time.time(), text)
