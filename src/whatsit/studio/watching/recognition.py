"""One model at work on the studio's camera while some tab watches its answers."""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict

from whatsit.cameras import Frame, SharedCamera
from whatsit.errors import DataError, WhatsitError
from whatsit.heads.exemplars import NOTHING, Exemplars
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.answer import Stats
from whatsit.live.answer_state import AnswerState
from whatsit.live.engine import Answer, Live
from whatsit.live.recogniser import Recogniser
from whatsit.live.repeats import Repeatable
from whatsit.live.smoothing import Smoothing, smooth
from whatsit.models.corrected import Seen
from whatsit.models.prediction import Predictions
from whatsit.studio.outbox import Hub, as_text
from whatsit.studio.watching.feed import STALE_SECONDS, Feed

_log = logging.getLogger(__name__)
SHOWN = 12
"""Classes in an answer."""
_KEPT_SECONDS, _KEPT_BYTES = 2.0, 32 * 2**20
"""Frames that were answered are kept for so long, and no more than that: a person asks about what a page showed."""


class ClassAnswer(TypedDict):
    """One class in an answer."""

    label: str
    score: float
    """0..1"""
    distance: float | None
    """From what was taught, smaller is more alike; None for models that have none."""


class AnswerView(TypedDict):
    """The WebSocket message ``answer``."""

    model: str
    state: str
    """A value of ``AnswerState``, or ``nothing`` where nothing was taught."""
    label: str | None
    """The class that is most likely."""
    score: float
    """Of that class, 0..1."""
    distance: float | None
    """Of that class."""
    strangeness: float | None
    """0 upwards, above 1 is unknown; None where the model never says so."""
    unknown_by: str
    """Which measurement said unknown, as ``Predictions.unknown_by``."""
    classes: list[ClassAnswer]
    """The most likely first."""
    fps: float
    """Answers per second."""
    ms: float
    """Inference time in milliseconds."""
    age: float | None
    """Seconds from capturing the frame to this message."""
    time: float | None
    """When the frame was taken, in seconds since 1970: what *Why?* asks for it by."""


Watch: TypeAlias = Callable[[str, Answer], None]
"""Called with the model and every answer; returns at once."""


@runtime_checkable
class Seeing(Repeatable, Protocol):
    """A recogniser that says what corrected pictures are compared with: ``Classifier``, and what is taught."""

    def see(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Seen:
        """As ``classify_pixels``, with the embedding."""


class _WithCorrections:
    """A recogniser, and the pictures that were corrected."""

    def __init__(self, base: Seeing, exemplars: Exemplars) -> None:
        self._base = base
        self._exemplars = exemplars

    @property
    def preprocess(self) -> Preprocess:
        """How frames become its input."""
        return self._base.preprocess

    @property
    def labels(self) -> tuple[str, ...]:
        """Its classes, and those that pictures were corrected to."""
        corrected = (label for label in self._exemplars.labels if label is not None)
        return tuple(dict.fromkeys((*getattr(self._base, "labels", ()), *corrected)))

    @property
    def knowledge(self) -> object:
        """What it answers by; the corrected pictures stay the same."""
        return self._base.knowledge

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        """The best classes of a prepared frame."""
        return self._base.see(pixels, top_k).corrected(self._exemplars)


class _Posting:
    """The sink of the engine."""

    def __init__(self, post: Callable[[Answer], None]) -> None:
        self.send = post

    def close(self) -> None:
        """Nothing: the hub stays open."""


class Recognition:
    """A live engine whose answers are posted to the hub as ``answer:<model>``.

    It runs only while a tab subscribes to them, or they are wanted elsewhere; one thread calls ``attend``.

    Args:
        wanted: whether the answers of a model are wanted, also where no tab watches.
        watches: take each answer too, wherever it goes from there.
        recognise_all: as for ``Live``.
    """

    def __init__(
        self, model: str, recogniser: Seeing, feed: Feed, hub: Hub, *,
        wanted: Callable[[str], bool], watches: Sequence[Watch], recognise_all: bool,
    ) -> None:  # fmt: skip
        self._wanted, self._watches, self._recognise_all = wanted, watches, recognise_all
        self.kind = f"answer:{model}"
        self.model = model
        self.base = recogniser
        """What recognises, without the corrections."""
        self.exemplars: Exemplars = NOTHING
        """The corrected pictures, by this model's embeddings."""
        self.latest: Answer | None = None
        """The newest answer, with its frame."""
        self._keeping = threading.Lock()
        self._frames: deque[Frame] = deque()
        self._units: dict[str, NDArray[np.float32] | None] = {}
        self._recogniser: Recogniser = recogniser
        self._feed = feed
        self._hub = hub
        self._smoothing = Smoothing()
        self._live: Live | None = None
        self._camera: SharedCamera | None = None

    @property
    def recogniser(self) -> Recogniser:
        """The model itself."""
        return self._recogniser

    @property
    def threshold(self) -> float:
        """The score below which an answer is uncertain, 0..1."""
        return self._smoothing.threshold

    @property
    def fit(self) -> str:
        """How a frame becomes the model's square input, such as ``cover``."""
        return self._recogniser.preprocess.fit.value

    def set_threshold(self, threshold: float) -> None:
        """Change it, from the next answer on.

        Raises:
            DataError: outside 0..1.
        """
        self._smoothing = Smoothing(threshold=threshold)
        if self._live is not None:
            self._live.smoothing = self._smoothing

    def replace(self, recogniser: Seeing, exemplars: Exemplars | None = None) -> None:
        """Use another recogniser, from the next frame on, and other corrected pictures where they are given."""
        if recogniser is not self.base:
            self._units = {}
        self.base = recogniser
        self.exemplars = self.exemplars if exemplars is None else exemplars
        self._recogniser = _WithCorrections(recogniser, self.exemplars) if self.exemplars else recogniser
        if self._live is not None:
            self._live.recogniser = self._recogniser

    def follow(self, pictures: Sequence[tuple[str, Path, str | None]]) -> None:
        """Use these corrected pictures, each as (SHA-256, file, label); a model looks at each of them once."""
        for hash_, path, _ in pictures:
            if hash_ not in self._units:
                with contextlib.suppress(WhatsitError):
                    self._units[hash_] = self.base.see(self.base.preprocess.pixels(path)).unit
        there = [(unit, label, hash_) for hash_, _, label in pictures if (unit := self._units.get(hash_)) is not None]
        labels, hashes = [label for _, label, _ in there], [hash_ for _, _, hash_ in there]
        self.replace(self.base, Exemplars.of([unit for unit, _, _ in there], labels, hashes))

    def see(self, picture: ImageLike) -> Seen:
        """What the model sees of a picture, without the corrections.

        Raises:
            ImageError: it cannot be read.
        """
        return self.base.see(self.base.preprocess.pixels(picture), SHOWN)

    def answer(self, picture: ImageLike) -> AnswerView:
        """What the model says about one picture.

        Raises:
            ImageError: it cannot be read.
        """
        return self._view(self._single(picture, time.time()))

    def once(self) -> AnswerView:
        """The answer to the newest frame alone, whoever watches.

        Raises:
            DataError: the camera gave no frame yet.
            ModelError: the model fails.
        """
        frame = self._feed.camera.latest
        if frame is None:
            raise DataError("the camera gave no picture yet; look at the page, or try again")
        self._remember(frame)
        answer = replace(self._single(frame.image, frame.time), frame=frame)
        if time.time() - frame.time > STALE_SECONDS:
            answer = replace(answer, state=AnswerState.STALE)
        return self._view(answer)

    def frame(self, when: float) -> Frame:
        """The frame of one of the latest answers, by the time it was taken at.

        Raises:
            DataError: it is not kept any more.
        """
        with self._keeping:
            found = next((frame for frame in self._frames if frame.time == when), None)
        if found is not None:
            return found
        raise DataError("this frame is no longer kept; ask again about what the camera sees now")

    def _remember(self, frame: Frame) -> None:
        with self._keeping:
            self._frames.append(frame)
            while len(self._frames) > 1 and (
                frame.time - self._frames[0].time > _KEPT_SECONDS
                or sum(one.image.nbytes for one in self._frames) > _KEPT_BYTES
            ):
                self._frames.popleft()

    def _single(self, picture: ImageLike, when: float) -> Answer:
        """The answer to one picture, without those before it."""
        pixels = self._recogniser.preprocess.pixels(picture)
        began = time.perf_counter()
        predictions = self._recogniser.classify_pixels(pixels, SHOWN)
        stats = Stats(inference_ms=1000 * (time.perf_counter() - began))
        said = smooth(None, predictions, when, self._smoothing)
        state, label, score = (said.state, said.label, said.score) if said else (AnswerState.UNKNOWN, None, 0.0)
        return Answer(state, label, score, predictions, None, stats)

    def attend(self) -> None:
        """Start the engine if a tab subscribes, else stop it; restart it when the camera was changed."""
        camera = self._feed.camera
        wanted = self._hub.wanted(self.kind) or self._wanted(self.model)
        if self._live is not None and (self._camera is not camera or not wanted):
            self.close()
        if self._live is None and wanted:
            live = Live(
                camera, self._recogniser, [_Posting(self._post)],
                smoothing=self._smoothing, top_k=SHOWN, recognise_all=self._recognise_all,
            )  # fmt: skip
            try:
                live.start()
            except WhatsitError as error:
                _log.warning("%s", error)  # the next tab that subscribes tries again
                return
            self._live, self._camera = live, camera

    def close(self) -> None:
        """Stop the engine."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            with self._keeping:
                self._frames.clear()

    def _post(self, answer: Answer) -> None:
        self.latest = answer
        if answer.frame is not None:
            self._remember(answer.frame)
        for watch in self._watches:
            watch(self.model, answer)
        self._hub.post(self.kind, as_text("answer", self._view(answer)))

    def _view(self, answer: Answer) -> AnswerView:
        predictions = answer.predictions
        distances = predictions.distances or (None,) * len(predictions)
        return {
            "model": self.model,
            "state": answer.state.value if predictions or answer.state is AnswerState.STALE else "nothing",
            "label": answer.label,
            "score": answer.score,
            "distance": named_distance(answer),
            "strangeness": predictions.strangeness,
            "unknown_by": predictions.unknown_by,
            "classes": [
                {"label": one.label, "score": one.score, "distance": distance}
                for one, distance in zip(predictions, distances, strict=True)
            ],
            "fps": round(answer.stats.fps, 1),
            "ms": round(answer.stats.inference_ms, 1),
            "age": round(max(0.0, time.time() - answer.time), 3) if answer.frame else None,
            "time": answer.time if answer.frame else None,
        }


def named_distance(answer: Answer) -> float | None:
    """The distance of the class that an answer names: a steady answer can name another one than the nearest."""
    found = answer.predictions
    of: dict[str | None, float] = {one.label: distance for one, distance in zip(found, found.distances, strict=False)}
    return of.get(answer.label) if of else found.distance
