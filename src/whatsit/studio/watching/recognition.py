"""One model at work on the studio's camera while some tab watches its answers."""

import logging
import time
from collections.abc import Callable

from typing_extensions import TypedDict

from whatsit.cameras import SharedCamera
from whatsit.errors import WhatsitError
from whatsit.live.engine import Answer, Live
from whatsit.live.recogniser import Recogniser
from whatsit.live.smoothing import Smoothing
from whatsit.studio.outbox import Hub, as_text
from whatsit.studio.watching.feed import Feed

_log = logging.getLogger(__name__)
SHOWN = 12
"""Classes in an answer."""


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


class _Posting:
    """The sink of the engine."""

    def __init__(self, post: Callable[[Answer], None]) -> None:
        self.send = post

    def close(self) -> None:
        """Nothing: the hub stays open."""


class Recognition:
    """A live engine whose answers are posted to the hub as ``answer:<model>``.

    It runs only while a tab subscribes to them. ``attend`` must be called from one thread.
    """

    def __init__(self, model: str, recogniser: Recogniser, feed: Feed, hub: Hub) -> None:
        self.kind = f"answer:{model}"
        self.model = model
        self._recogniser = recogniser
        self._feed = feed
        self._hub = hub
        self._smoothing = Smoothing()
        self._live: Live | None = None
        self._camera: SharedCamera | None = None

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

    def replace(self, recogniser: Recogniser) -> None:
        """Use another recogniser, from the next frame on."""
        self._recogniser = recogniser
        if self._live is not None:
            self._live.recogniser = recogniser

    def attend(self) -> None:
        """Start the engine if a tab subscribes, else stop it; restart it when the camera was changed."""
        camera = self._feed.camera
        if self._live is not None and (self._camera is not camera or not self._hub.wanted(self.kind)):
            self.close()
        if self._live is None and self._hub.wanted(self.kind):
            live = Live(camera, self._recogniser, [_Posting(self._post)], smoothing=self._smoothing, top_k=SHOWN)
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

    def _post(self, answer: Answer) -> None:
        self._hub.post(self.kind, as_text("answer", self._view(answer)))

    def _view(self, answer: Answer) -> AnswerView:
        predictions = answer.predictions
        distances = predictions.distances or (None,) * len(predictions)
        return {
            "model": self.model,
            "state": answer.state.value if predictions or answer.frame is None else "nothing",
            "label": answer.label,
            "score": answer.score,
            "distance": predictions.distance,
            "strangeness": predictions.strangeness,
            "unknown_by": predictions.unknown_by,
            "classes": [
                {"label": one.label, "score": one.score, "distance": distance}
                for one, distance in zip(predictions, distances, strict=True)
            ],
            "fps": round(answer.stats.fps, 1),
            "ms": round(answer.stats.inference_ms, 1),
            "age": round(max(0.0, time.time() - answer.time), 3) if answer.frame else None,
        }
