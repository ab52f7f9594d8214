"""One camera, one owner, any number of watchers."""

import logging
import threading
from collections.abc import Callable
from enum import StrEnum

from whatsit.cameras.camera import Camera, ClosingCamera, Frame, check_camera
from whatsit.cameras.mailbox import Mailbox
from whatsit.errors import CameraEndedError, CameraError, CameraLostError
from whatsit.parallel import start_thread

_log = logging.getLogger(__name__)


class CameraState(StrEnum):
    """Where a shared camera is in its life."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    """It gave no picture in time; it is being opened again until it works."""
    ENDED = "ended"
    """A recording is over."""
    FAILED = "failed"
    """It will never work as asked for; ``SharedCamera.error`` says why."""
    CLOSED = "closed"

    @property
    def final(self) -> bool:
        """True where no further frame will come."""
        return self in (CameraState.ENDED, CameraState.FAILED, CameraState.CLOSED)


class Subscription(Mailbox[Frame]):
    """One watcher's slot: ``take(timeout)`` waits for a frame that was not taken yet, and gives the newest.

    A context manager that stops watching at its end.
    """

    def __init__(self, leave: Callable[["Subscription"], None]) -> None:
        super().__init__()
        self._leave = leave

    def close(self) -> None:
        """Stop watching."""
        super().close()
        self._leave(self)

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SharedCamera(ClosingCamera):
    """Owns ``camera``, reads it on a separate thread, and gives every watcher the newest frame.

    A lost camera is logged once, and once more when it is back; in between it is opened again and again. A slow
    watcher misses frames and slows nobody down.

    ::

        with SharedCamera(whatsit.open_camera("usb:0")) as camera, camera.subscribe() as frames:
            while (frame := frames.take(timeout=2)) is not None:
                print(frame.image.shape)

    Args:
        camera: closed with this one.

    Raises:
        CameraArgumentError: no camera.
        CameraError: the system gives no more threads; the camera is closed.
    """

    def __init__(self, camera: Camera) -> None:
        check_camera(camera)
        self._camera = camera
        self._changed = threading.Condition()
        self._state = CameraState.CONNECTING
        self._error: str | None = None
        self._latest: Frame | None = None
        self._frames = 0
        self._watchers: list[Subscription] = []
        self._closing = False
        try:
            self._thread = start_thread(f"camera {camera.source}", self._run, error=CameraError)
        except CameraError:
            camera.close()
            raise

    @property
    def camera(self) -> Camera:
        """The camera itself. Do not read it."""
        return self._camera

    @property
    def source(self) -> str:
        """The camera's address, without its password."""
        return self._camera.source

    @property
    def state(self) -> CameraState:
        """How the camera is now."""
        return self._state

    @property
    def error(self) -> str | None:
        """Why the camera is lost or has failed, in one line; None while it works."""
        return self._error

    @property
    def latest(self) -> Frame | None:
        """The newest frame, however old; None before the first."""
        return self._latest

    @property
    def frames(self) -> int:
        """Good frames read so far."""
        return self._frames

    @property
    def dropped(self) -> int:
        """Broken frames dropped so far."""
        return self._camera.dropped

    def subscribe(self) -> Subscription:
        """Start watching: a slot that always holds the newest frame, until it is closed."""
        subscription = Subscription(self._leave)
        with self._changed:
            if self._latest is not None:
                subscription.put(self._latest)
            self._watchers.append(subscription)
            if not self._state.final:
                return subscription
        subscription.close()
        return subscription

    def wait_for(self, condition: Callable[["SharedCamera"], bool], timeout: float) -> bool:
        """Wait until ``condition`` holds for this camera, at most ``timeout`` seconds.

        Returns:
            Whether it holds.
        """
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), timeout)

    def close(self) -> None:
        """Release the camera and end the waiting of every watcher."""
        self._closing = True
        self._camera.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _leave(self, subscription: Subscription) -> None:
        with self._changed:
            if subscription in self._watchers:
                self._watchers.remove(subscription)

    def _run(self) -> None:
        final = CameraState.CLOSED
        try:
            while not self._closing:
                try:
                    self._publish(self._camera.read())
                except CameraLostError as error:
                    self._lose(str(error))
            self._error = None
        except CameraEndedError:
            final, self._error = CameraState.ENDED, None
        except CameraError as error:
            if not self._closing:
                final, self._error = CameraState.FAILED, str(error)
                _log.info("%s", error)
        except Exception as error:
            final, self._error = CameraState.FAILED, f"{self.source}: {type(error).__name__}: {error}"
            _log.exception("%s stopped", self.source)
        finally:
            self._become(final)
            for watcher in list(self._watchers):
                watcher.close()

    def _publish(self, frame: Frame) -> None:
        if self._state is CameraState.LOST:
            _log.info("%s: back", self.source)
        with self._changed:
            self._latest, self._error = frame, None
            self._frames += 1
            self._state = CameraState.LIVE
            for watcher in self._watchers:
                watcher.put(frame)
            self._changed.notify_all()

    def _lose(self, reason: str) -> None:
        if self._state is not CameraState.LOST and not self._closing:
            _log.warning("%s; looking for it again", reason)
        self._error = reason
        self._become(CameraState.LOST)

    def _become(self, state: CameraState) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()
