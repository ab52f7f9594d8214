"""Camera, recogniser, sinks: the newest frame wins, and preparing one overlaps recognising the one before."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras import Camera, Frame, SharedCamera, Subscription
from whatsit.cameras.mailbox import Mailbox
from whatsit.errors import WhatsitError
from whatsit.live.recogniser import Recogniser
from whatsit.live.smoothing import Smoothed, Smoothing, State, smooth
from whatsit.models.prediction import Predictions

__all__ = ["Answer", "Live", "Recogniser", "Sink", "Stats"]

_log = logging.getLogger(__name__)
_PREPARED_AGES_AFTER = 0.25
"""Seconds after which a prepared frame that nobody took makes way for a newer one."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How the engine is doing, over the last answers."""

    fps: float = 0.0
    """Answers a second."""
    prepare_ms: float = 0.0
    """Crop and resize of one frame."""
    inference_ms: float = 0.0
    age_ms: float = 0.0
    """From the taking of the frame to its answer."""
    answers: int = 0

    @property
    def spare_ms(self) -> float:
        """How long preparing may wait once inference began and still be done first, with some reserve."""
        return max(0.0, 0.95 * self.inference_ms - 1.2 * self.prepare_ms - 0.7)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the camera sees, as of one frame."""

    state: State
    label: str | None
    """The leading class after smoothing, also where uncertain, unknown or stale; None: no class yet."""
    score: float
    """0..1, after smoothing"""
    predictions: Predictions
    """This frame alone, best first."""
    frame: Frame | None
    """The frame answered for; None: none came yet."""
    stats: Stats

    @property
    def time(self) -> float:
        """When the frame was taken, in seconds since 1970; 0 where none came yet."""
        return self.frame.time if self.frame is not None else 0.0


class Sink(Protocol):
    """Where answers go. Called on the engine's thread for every answer: be quick."""

    def send(self, answer: Answer) -> None:
        """Take one answer."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    frame: Frame
    pixels: NDArray[np.uint8]
    recogniser: Recogniser
    milliseconds: float


class Live:
    """Runs until stopped, or until the camera's recording ends.

    Args:
        camera: shared with others, or a camera that this engine owns and closes.
        recogniser: may be replaced at any time by ``live.recogniser = other``.
        sinks: what the answers are sent to.
        smoothing: the threshold below which an answer is uncertain, and the steadiness.
        top_k: classes in ``Answer.predictions``.
        stale_after: seconds without a frame after which one stale answer is sent.
    """

    def __init__(
        self,
        camera: Camera | SharedCamera,
        recogniser: Recogniser,
        sinks: Iterable[Sink] = (),
        *,
        threshold: float | None = None,
        smoothing: Smoothing | None = None,
        top_k: int = 5,
        stale_after: float = 2.0,
    ) -> None:
        settings = smoothing or Smoothing()
        self.smoothing = settings if threshold is None else replace(settings, threshold=threshold)
        self.recogniser = recogniser
        self.sinks = tuple(sinks)
        self._given = camera
        self._top_k = top_k
        self._stale_after = stale_after
        self._shared: SharedCamera | None = None
        self._frames: Subscription | None = None
        self._prepared: Mailbox[_Prepared] = Mailbox()
        self._threads: list[threading.Thread] = []
        self._finished = threading.Event()
        self._latest: Answer | None = None
        self._error: str | None = None
        self._failed_sinks: set[int] = set()

    @property
    def latest(self) -> Answer | None:
        """The newest answer."""
        return self._latest

    @property
    def stats(self) -> Stats:
        """The newest figures."""
        return self._latest.stats if self._latest is not None else Stats()

    @property
    def error(self) -> str | None:
        """Why there is no answer, in one line: the camera's trouble or the recogniser's; None: there is."""
        return self._error or (self._shared.error if self._shared is not None else None)

    @property
    def camera(self) -> SharedCamera | None:
        """The camera being watched; None before the start."""
        return self._shared

    def start(self) -> Self:
        """Begin; an engine is started once."""
        if self._threads:
            raise WhatsitError("this live engine was started before; make a new one")
        self._shared = self._given if isinstance(self._given, SharedCamera) else SharedCamera(self._given)
        self._frames = self._shared.subscribe()
        for name, work in (("prepare", self._prepare), ("recognise", self._recognise)):
            thread = threading.Thread(target=self._run, args=(work,), name=f"live {name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def stop(self) -> None:
        """End both threads, and the camera if it is this engine's own. Stopping twice is allowed."""
        if self._frames is not None:
            self._frames.close()
        self._prepared.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        if self._shared is not None and not isinstance(self._given, SharedCamera):
            self._shared.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended: the recording is over, the camera failed, or ``stop``; whether it has."""
        return self._finished.wait(timeout)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
            _log.exception("the live engine stopped")
        finally:
            if self._frames is not None:
                self._frames.close()
            self._prepared.close()
            if work == self._recognise:
                self._finished.set()

    def _prepare(self) -> None:
        assert self._frames is not None
        while (frame := self._frames.take()) is not None:
            recogniser = self.recogniser
            begin = time.perf_counter()
            pixels = recogniser.preprocess.pixels(frame.image)
            spent = (time.perf_counter() - begin) * 1000
            self._prepared.put(_Prepared(frame, pixels, recogniser, spent))
            # One frame ahead is enough: preparing more would only take the processor from recognising. And
            # it need not be ready before the recogniser is, so that it can be a fresher one.
            if self._prepared.wait_taken(_PREPARED_AGES_AFTER):
                self._prepared.wait_closed(self.stats.spare_ms / 1000)

    def _recognise(self) -> None:
        before: Smoothed | None = None
        by: Recogniser | None = None
        meter = _Meter()
        while True:
            prepared = self._prepared.take(self._stale_after)
            if prepared is None:
                if self._prepared.closed:
                    break
                self._go_stale()
                before = None
                continue
            if prepared.recogniser is not by:
                before, by = None, prepared.recogniser
                meter.forget()
            begin = time.perf_counter()
            try:
                predictions = by.classify_pixels(prepared.pixels, self._top_k)
            except WhatsitError as error:
                self._complain(str(error))
                continue
            self._complain(None)
            spent = (time.perf_counter() - begin) * 1000
            before = smooth(before, predictions, prepared.frame.time, self.smoothing)
            stats = meter.count(prepared.milliseconds, spent, prepared.frame.time)
            self._send(
                Answer(
                    before.state if before is not None else State.UNKNOWN,
                    before.label if before is not None else None,
                    before.score if before is not None else 0.0,
                    predictions,
                    prepared.frame,
                    stats,
                )
            )

    def _go_stale(self) -> None:
        last = self._latest
        if last is None:
            self._send(Answer(State.STALE, None, 0.0, Predictions(()), None, Stats()))
        elif last.state is not State.STALE:
            stats = replace(last.stats, fps=0.0, age_ms=(time.time() - last.time) * 1000)
            self._send(replace(last, state=State.STALE, stats=stats))

    def _complain(self, problem: str | None) -> None:
        if problem is not None and problem != self._error:
            _log.warning("%s", problem)
        self._error = problem

    def _send(self, answer: Answer) -> None:
        self._latest = answer
        for sink in self.sinks:
            try:
                sink.send(answer)
            except Exception:  # one sink's trouble must not silence the others
                if id(sink) not in self._failed_sinks:
                    self._failed_sinks.add(id(sink))
                    _log.exception("%s failed; further failures of it are not logged", type(sink).__name__)


class _Meter:
    """Rates and times over the last second or so."""

    def __init__(self) -> None:
        self._ends: deque[float] = deque(maxlen=30)
        self._prepare = 0.0
        self._inference = 0.0
        self._answers = 0
        self._fresh = True

    def forget(self) -> None:
        """Begin the averages anew: another model has other times."""
        self._fresh = True

    def count(self, prepare_ms: float, inference_ms: float, taken: float) -> Stats:
        weight = 1.0 if self._fresh else 0.1
        self._fresh = False
        self._prepare += weight * (prepare_ms - self._prepare)
        self._inference += weight * (inference_ms - self._inference)
        self._answers += 1
        self._ends.append(time.monotonic())
        span = self._ends[-1] - self._ends[0]
        fps = (len(self._ends) - 1) / span if span > 0 else 0.0
        age = max(0.0, (time.time() - taken) * 1000)
        return Stats(fps, self._prepare, self._inference, age, self._answers)
