"""A steady frame rate for sources that could give all frames at once."""

import threading
import time

from whatsit.errors import CameraError


class Pace:
    """Lets ``fps`` frames per second pass; 0 lets every frame pass at once.

    Args:
        source: the camera's address, for messages.
    """

    def __init__(self, fps: float, source: str) -> None:
        self._interval = 1 / fps if fps else 0.0
        self._source = source
        self._due = 0.0
        self._closed = threading.Event()

    def wait(self) -> None:
        """Wait until the next frame is due; time lost is not made up for.

        Raises:
            CameraError: the camera was closed, before or during the wait.
        """
        now = time.monotonic()
        if self._closed.wait(max(0.0, self._due - now)):
            raise CameraError(f"{self._source}: the camera is closed; open it again to read on")
        self._due = max(self._due, time.monotonic()) + self._interval

    def close(self) -> None:
        """End the present wait and all later ones with an error."""
        self._closed.set()
