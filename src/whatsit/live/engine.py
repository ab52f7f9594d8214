"""Camera, recogniser, sinks: the newest frame wins, and preparing one overlaps recognising the one before."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras import Camera, CameraState, Frame, SharedCamera, Subscription
from whatsit.cameras.camera import check_camera
from whatsit.cameras.mailbox import Mailbox
from whatsit.cameras.opening import open_camera_without_page
from whatsit.errors import ArgumentError, CameraError, DataError, WhatsitError
from whatsit.live.answer import Answer, Stats
from whatsit.live.answer_state import AnswerState
from whatsit.live.controls import ControllingSink
from whatsit.live.headstart import Headstart
from whatsit.live.meter import Meter
from whatsit.live.model_selector import ModelSelector
from whatsit.live.recogniser import Recogniser, as_recogniser
from whatsit.live.repeats import Repeats
from whatsit.live.sink import Sink
from whatsit.live.sink_state import SinkState
from whatsit.live.sink_thread import SinkThread
from whatsit.live.smoothing import Smoothed, Smoothing, smooth
from whatsit.logs import described
from whatsit.models.prediction import Predictions
from whatsit.parallel import start_thread
from whatsit.validation import short, whole_number

if TYPE_CHECKING:
    from whatsit.models.taught_model import TaughtModel
    from whatsit.teaching.selflearn import SelfLearnClassifier

__all__ = ["Answer", "AnswerState", "Live", "Recogniser", "Sink", "Smoothing", "Stats"]

_log = logging.getLogger(__name__)
_PREPARED_AGES_AFTER = 0.25
"""Seconds after which a prepared frame that was not taken is replaced by a newer one."""
_LONGEST_PAUSE = 3600.0
"""Seconds from one frame to the next that a limit may ask for."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    frame: Frame
    pixels: NDArray[np.uint8]
    recogniser: Recogniser
    milliseconds: float


class Live:
    """Says what a camera sees, frame after frame: an iterable of answers.

    ::

        for answer in whatsit.Live("usb:0", "bottles.tflite"):
            print(answer.state, answer.label, answer.score)

    The loop gets the newest answer; while it is busy, older ones are skipped. It ends with the camera's recording, and
    leaving it releases the camera. In the background, with sinks (see ``Sink``)::

        with whatsit.Live("usb:0", "bottles.tflite", [sink]) as live:
            ...
            print(live.latest, live.stats.fps)

    Or for a limited time: ``Live("usb:0", "bottles.tflite", [sink]).run(seconds=60)``. An engine is started once.

    Args:
        camera: an address, or a camera; both are closed at the end. A ``SharedCamera`` stays open.
        model: a classifier, what was taught, the path of a ``.tflite`` or ``.bin``, or None for the built-in ImageNet
            model. ``live.recogniser = other`` replaces it at any time.
        sinks: what the answers are sent to; closed at the end.
        threshold: the score below which an answer is uncertain, 0..1; instead of ``smoothing.threshold``.
        smoothing: how answers follow the frames.
        top_k: classes in ``Answer.predictions``.
        fps: frames recognised a second at most, above 0; None: as many as camera and processor give. A limit leaves
            the processor, and a small board's heat, to others; the newest frame is still the one that is recognised.
        recognise_all: recognise also the frames that show exactly what the one before did. Otherwise such a frame gets
            the answer of that one, which is the same, and the processor rests.
        stale_after: seconds without a frame after which one stale answer is sent; with ``fps``, at least twice the time
            from one frame to the next.
        patience: seconds that a sink gets at the end to take its last answer.

    Raises:
        CameraError: the camera's address is not understood.
        ModelError, DataError: the model cannot be used, or a value is out of range.
        MissingExtraError: the camera needs something that is not installed.
    """

    def __init__(
        self,
        camera: str | Camera | SharedCamera,
        model: "Recogniser | SelfLearnClassifier | TaughtModel | str | os.PathLike[str] | None" = None,
        sinks: Iterable[Sink] = (),
        *,
        threshold: float | None = None,
        smoothing: Smoothing | None = None,
        top_k: int = 5,
        fps: float | None = None,
        recognise_all: bool = False,
        stale_after: float = 2.0,
        patience: float = 5.0,
    ) -> None:
        settings = smoothing or Smoothing()
        self.smoothing = settings if threshold is None else replace(settings, threshold=threshold)
        self.paused = False
        """True while no frame is recognised; the answer is stale after a while."""
        self.models: ModelSelector | None = None
        """The models that a sink with commands can choose from; None: none but ``recogniser``."""
        self._top_k = whole_number(top_k, "top_k")
        self._interval = 0.0 if fps is None else 1 / _frames_a_second(fps)
        self._repeats = Repeats(recognise_all)
        self.recogniser: Recogniser = as_recogniser(model)
        self._sinks = tuple(sinks)
        self._given = open_camera_without_page(camera) if isinstance(camera, str) else camera
        if not isinstance(self._given, SharedCamera):
            check_camera(self._given)
        self._stale_after = max(stale_after, 2 * self._interval)
        self._patience = patience
        self._shared: SharedCamera | None = None
        self._frames: Subscription | None = None
        self._prepared: Mailbox[_Prepared] = Mailbox()
        self._headstart = Headstart()
        self._threads: list[threading.Thread] = []
        self._sink_threads: list[SinkThread] = []
        self._readers: list[Mailbox[Answer]] = []
        self._guard = threading.Lock()
        self._finished = threading.Event()
        self._most: int | None = None
        self._latest: Answer | None = None
        self._error: str | None = None
        self._failure: Exception | None = None
        self._beat = time.monotonic()

    def is_alive(self, within: float) -> bool:
        """Whether the engine went on in the last ``within`` seconds, with or without a picture; for watchdogs."""
        return time.monotonic() - self._beat <= max(within, 2 * self._stale_after)

    def use(self, recogniser: Recogniser) -> None:
        """Recognise with another model, from the next frame on."""
        self.recogniser = recogniser

    @property
    def latest(self) -> Answer | None:
        """The newest answer; None before the first."""
        return self._latest

    @property
    def stats(self) -> Stats:
        """The newest figures."""
        return self._latest.stats if self._latest is not None else Stats()

    @property
    def threshold(self) -> float:
        """The score below which an answer is uncertain, 0..1. It can be set at any time."""
        return self.smoothing.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self.smoothing = replace(self.smoothing, threshold=value)

    @property
    def error(self) -> str | None:
        """Why there is no answer now, in one line: the camera's or the recogniser's error; None where there is one."""
        if self._failure is not None:
            return f"the live engine stopped: {described(self._failure)}"
        return self._error or (self._shared.error if self._shared is not None else None)

    @property
    def sinks(self) -> tuple[SinkState, ...]:
        """How each sink is doing, in the order they were given; empty before the start."""
        return tuple(thread.state for thread in self._sink_threads)

    @property
    def camera(self) -> SharedCamera | None:
        """The camera being watched; None before the start."""
        return self._shared

    def start(self) -> Self:
        """Start in the background.

        Raises:
            WhatsitError: it was started before, or the system gives no more threads.
        """
        if self._threads:
            raise WhatsitError("this live engine was started before; make a new one")
        self._shared = self._given if isinstance(self._given, SharedCamera) else SharedCamera(self._given)
        self._frames = self._shared.subscribe()
        try:
            for sink in self._sinks:
                if isinstance(sink, ControllingSink):
                    sink.attach(self)
                self._sink_threads.append(SinkThread(sink, self._end))
            for name, work in (("prepare", self._prepare), ("recognise", self._recognise)):
                self._threads.append(start_thread(f"live {name}", self._run, work))
        except DataError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop, close the sinks after their last answer, and close the camera unless it was given as a shared one.

        Stopping twice is allowed, and so is stopping from a sink.
        """
        self._end()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        for sink in self._sink_threads:
            sink.close(self._patience)
        if not isinstance(self._given, SharedCamera):
            (self._shared or self._given).close()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, at most ``timeout`` seconds: the recording is over, the camera failed, or ``stop``.

        Returns:
            Whether it has ended.
        """
        return self._finished.wait(timeout)

    def run(self, *, count: int | None = None, seconds: float | None = None) -> None:
        """Start, wait for the end, and stop.

        Args:
            count: end after this many answers.
            seconds: end after this time.

        Raises:
            CameraError: the camera failed.
            WhatsitError: the engine was started before, or failed.
        """
        self._most = None if count is None else whole_number(count, "count")
        with self:
            self.wait(seconds)
        self._raise_failure()

    def __iter__(self) -> Iterator[Answer]:
        """Answers as they come, the newest one at each step. Starts the engine unless it runs; then also stops it.

        Raises:
            CameraError: the camera failed.
            WhatsitError: the engine failed.
        """
        reader: Mailbox[Answer] = Mailbox()
        with self._guard:
            self._readers.append(reader)
        begun = not self._threads
        if begun:
            self.start()
        if self._finished.is_set():
            reader.close()
        try:
            while (answer := reader.take()) is not None:
                yield answer
        finally:
            with self._guard:
                self._readers.remove(reader)
            if begun:
                self.stop()
        self._raise_failure()

    def changes(self) -> Iterator[Answer]:
        """As iterating over the engine, but only answers that differ in state or label from the one before."""
        last = None
        for answer in self:
            if answer.verdict != last:
                last = answer.verdict
                yield answer

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise WhatsitError(str(self.error)) from self._failure
        if self._shared is not None and self._shared.state is CameraState.FAILED:
            raise CameraError(str(self._shared.error))

    def _end(self) -> None:
        if self._frames is not None:
            self._frames.close()
        self._prepared.close()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._failure = error
            _log.error("%s", self.error, exc_info=_log.isEnabledFor(logging.DEBUG))
        finally:
            self._end()
            if work == self._recognise:
                self._finished.set()
                with self._guard:
                    for reader in self._readers:
                        reader.close()

    def _prepare(self) -> None:
        assert self._frames is not None
        due = time.monotonic()
        while not self._prepared.wait_closed(due - time.monotonic()) and (frame := self._frames.take()) is not None:
            if self.paused:
                continue
            due = max(due + self._interval, time.monotonic())
            recogniser = self.recogniser
            begin = time.perf_counter()
            pixels = recogniser.preprocess.pixels(frame.image)
            spent = (time.perf_counter() - begin) * 1000
            self._prepared.put(_Prepared(frame, pixels, recogniser, spent))
            # One frame ahead is enough: preparing more would only take the processor from recognising. And it need not
            # be ready before the recogniser is: prepared later, it is a fresher one.
            if self._prepared.wait_taken(_PREPARED_AGES_AFTER):
                self._prepared.wait_closed(self._headstart.delay)

    def _recognise(self) -> None:
        before: Smoothed | None = None
        by: Recogniser | None = None
        model = -1
        meter = Meter()
        while self._most is None or self.stats.answers < self._most:
            self._beat = time.monotonic()
            waited = not self._prepared.full
            prepared = self._prepared.take(self._stale_after)
            if prepared is None:
                if self._prepared.closed:
                    break
                self._go_stale()
                before = None
                continue
            if prepared.recogniser is not by:
                before, by, model = None, prepared.recogniser, model + 1
                meter.reset()
            begin = time.perf_counter()
            try:
                predictions, repeated = self._repeats.classify(by, prepared.pixels, self._top_k)
            except WhatsitError as error:
                self._complain(str(error))
                continue
            self._complain(None)
            spent = (time.perf_counter() - begin) * 1000
            before = smooth(before, predictions, prepared.frame.time, self.smoothing)
            stats = meter.count(prepared.milliseconds, None if repeated else spent, prepared.frame.time)
            self._headstart.after(stats, waited=waited, repeated=repeated)
            self._send(
                Answer(
                    before.state if before is not None else AnswerState.UNKNOWN,
                    before.label if before is not None else None,
                    before.score if before is not None else 0.0,
                    predictions,
                    prepared.frame,
                    stats,
                    repeated,
                    model,
                )
            )

    def _go_stale(self) -> None:
        last = self._latest
        if last is None:
            self._send(Answer(AnswerState.STALE, None, 0.0, Predictions(()), None, Stats()))
        elif last.state is not AnswerState.STALE:
            stats = replace(last.stats, fps=0.0, age_ms=max(0.0, time.time() - last.time) * 1000)
            self._send(replace(last, state=AnswerState.STALE, stats=stats, repeated=False))

    def _complain(self, problem: str | None) -> None:
        if problem is not None and problem != self._error:
            _log.warning("%s", problem)
        self._error = problem

    def _send(self, answer: Answer) -> None:
        self._latest = answer
        for sink in self._sink_threads:
            sink.put(answer)
        with self._guard:
            for reader in self._readers:
                reader.put(answer)


def _frames_a_second(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 / _LONGEST_PAUSE <= value < float("inf"):
        raise ArgumentError(f"fps {short(value)}: expected a number above 0, such as 5; one an hour at least")
    return float(value)
