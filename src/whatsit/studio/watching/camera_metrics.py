"""The studio's camera and what is seen on it, for Prometheus."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator

from whatsit.cameras import CameraState, SharedCamera
from whatsit.live.answer import Answer
from whatsit.serving.metrics import head, labelled

_MOST_SERIES = 2000
"""Labels come and go while somebody teaches; further ones are counted without their name."""


class CameraMetrics:
    """Counts live answers; ``watch`` can be called from any thread.

    Args:
        camera: the one that is watched now.
    """

    def __init__(self, camera: Callable[[], SharedCamera]) -> None:
        self._camera = camera
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, str, str]] = Counter()
        self._repeated: Counter[str] = Counter()

    def watch(self, model: str, answer: Answer) -> None:
        """Count an answer."""
        series = (model, answer.label or "", answer.state.value)
        with self._lock:
            if series not in self._answers and len(self._answers) >= _MOST_SERIES:
                series = (model, "", answer.state.value)
            self._answers[series] += 1
            self._repeated[model] += answer.repeated

    def text(self, now: float) -> str:
        """Everything as Prometheus reads it.

        Args:
            now: seconds since 1970.
        """
        return "".join(f"{line}\n" for line in self._lines(now))

    def _lines(self, now: float) -> Iterator[str]:
        camera = self._camera()
        with self._lock:
            answers, repeated = sorted(self._answers.items()), sorted(self._repeated.items())
        yield from head("whatsit_live_answers_total", "counter", "Answers about the camera's frames.")
        for (model, label, state), count in answers:
            yield f"whatsit_live_answers_total{labelled(model=model, label=label, state=state)} {count}"
        yield from head(
            "whatsit_live_repeated_total", "counter", "Answers among them to a frame that showed what the last one did."
        )
        for model, count in repeated:
            yield f"whatsit_live_repeated_total{labelled(model=model)} {count}"
        yield from head("whatsit_camera_state", "gauge", "1 for the state that the camera is in, 0 for the others.")
        for one in CameraState:
            yield f"whatsit_camera_state{labelled(state=one.value)} {int(camera.state is one)}"
        yield from head("whatsit_frames_total", "counter", "Frames read from the camera since it was chosen.")
        yield f"whatsit_frames_total {camera.frames}"
        yield from head("whatsit_frames_dropped_total", "counter", "Broken frames among them that were dropped.")
        yield f"whatsit_frames_dropped_total {camera.dropped}"
        latest = camera.latest
        if latest is not None:
            yield from head("whatsit_frame_age_seconds", "gauge", "Age of the newest frame.")
            yield f"whatsit_frame_age_seconds {max(now - latest.time, 0.0):.3f}"
