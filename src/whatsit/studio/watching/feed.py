"""The studio's camera: chosen by address, owned once, watched by any number, encoded once per frame."""

import io
import threading
from collections.abc import Callable, Iterator

from PIL import Image

from whatsit.cameras import CameraState, Frame, SharedCamera, Subscription, open_camera
from whatsit.cameras.camera import PushedCamera, StagedCamera
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import CameraError

PREVIEW_WIDTH = 640
_PREVIEW_QUALITY = 80
_KEPT_QUALITY = 92
_STALE_SECONDS = 3.0
_LOOK_SECONDS = 0.5


class Feed:
    """One camera at a time. Choosing another closes the first; watchers stay and see the new one.

    Args:
        uri: the first camera's address.

    Raises:
        CameraError: the address is not understood.
        MissingExtraError: the camera needs a package that is not installed.
    """

    def __init__(self, uri: str) -> None:
        self._changed = threading.Condition()
        self._closed = False
        self._camera = SharedCamera(open_camera(uri))
        self._listening: threading.Thread | None = None
        self.uri = uri
        """The address as it was given, its password included."""
        self.showing: str | None = None
        """What the camera was asked to show, where it can be asked; None: all in turn."""

    @property
    def camera(self) -> SharedCamera:
        """The camera watched now."""
        return self._camera

    @property
    def state(self) -> CameraState:
        """How the camera is now."""
        return self._camera.state

    @property
    def error(self) -> str | None:
        """Why it is lost or has failed, in one line; None while it works."""
        return self._camera.error

    @property
    def source(self) -> str:
        """Its address, without its password."""
        return self._camera.source

    @property
    def scheme(self) -> str:
        """The scheme of its address: which kind of camera it is."""
        return CAMERAS.parse(self.uri)[0].scheme

    @property
    def fed_by_page(self) -> bool:
        """Whether its frames are those that a page sends."""
        return CAMERAS.parse(self.uri)[1].fed_by_page

    @property
    def objects(self) -> tuple[str, ...]:
        """What it can be asked to show; empty for real cameras."""
        camera = self._camera.camera
        return camera.objects if isinstance(camera, StagedCamera) else ()

    def show(self, name: str | None) -> None:
        """Have the demonstration scene show one object, None for all in turn; returns when it does.

        Raises:
            CameraError: there is no such object, or the camera is a real one.
        """
        camera = self._camera.camera
        if not isinstance(camera, StagedCamera):
            raise CameraError(f"{self.source}: only the demonstration scene can be told what to show")
        camera.show(name)
        self.showing = name
        if name is not None:
            self._camera.wait_for(lambda shared: shared.latest is not None and shared.latest.truth == name, 2)

    def choose(self, uri: str) -> None:
        """Change to another camera. Where that fails, the old one stays.

        Raises:
            CameraError: the address is not understood.
            MissingExtraError: the camera needs a package that is not installed.
        """
        opened = SharedCamera(open_camera(uri))
        with self._changed:
            before, self._camera, self.uri = self._camera, opened, uri
            self.showing = None
            self._changed.notify_all()
        before.close()

    def push(self, jpeg: bytes) -> None:
        """Take in a frame from a page; ignored unless a page is the camera.

        Raises:
            ImageError: it is empty or too large.
        """
        camera = self._camera.camera
        if isinstance(camera, PushedCamera):
            camera.push(jpeg)

    def snapshot(self, now: float) -> bytes:
        """The newest frame as a JPEG file, at the quality of pictures that are kept.

        Args:
            now: ``time.time()``, in seconds.

        Raises:
            CameraError: there is no frame from the last three seconds.
        """
        frame = self._camera.latest
        if frame is None or now - frame.time > _STALE_SECONDS:
            reason = self.error or "it has not given a picture yet"
            raise CameraError(f"no picture to take: {reason}")
        return encode(frame, None, _KEPT_QUALITY)

    def frames(self, wanted: Callable[[], bool]) -> Iterator[Frame]:
        """The newest frames of the camera that is chosen, while ``wanted`` says so; it is asked twice per second."""
        while wanted() and not self._closed:
            camera = self._camera
            with camera.subscribe() as subscription:
                yield from self._frames_of(camera, subscription, wanted)
            with self._changed:
                if self._camera is camera and not self._closed:
                    self._changed.wait(0.5)

    def listen(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the camera, its state or its error changes; on a separate thread."""
        self._listening = threading.Thread(target=self._listen, args=(changed,), name="camera state", daemon=True)
        self._listening.start()

    def stop_watching(self) -> None:
        """End every iteration over ``frames``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def close(self) -> None:
        """Release the camera."""
        self.stop_watching()
        self._camera.close()
        if self._listening is not None:
            self._listening.join()

    def _listen(self, changed: Callable[[], None]) -> None:
        reported: tuple[SharedCamera, CameraState, str | None] | None = None

        def news(camera: SharedCamera) -> bool:
            return self._closed or reported != (camera, camera.state, camera.error)

        while not self._closed:
            camera = self._camera
            if news(camera):
                reported = (camera, camera.state, camera.error)
                changed()
            camera.wait_for(news, _LOOK_SECONDS)

    def _frames_of(
        self, camera: SharedCamera, subscription: Subscription, wanted: Callable[[], bool]
    ) -> Iterator[Frame]:
        while wanted() and self._camera is camera and not self._closed:
            frame = subscription.take(0.5)
            if frame is not None:
                yield frame
            elif subscription.closed:
                return


def encode(frame: Frame, width: int | None = PREVIEW_WIDTH, quality: int = _PREVIEW_QUALITY) -> bytes:
    """The frame as a JPEG file.

    Args:
        width: a wider frame is reduced to this many pixels; None: never.
        quality: 1..95, as in Pillow.
    """
    picture = Image.fromarray(frame.image)
    if width is not None and picture.width > width:
        picture = picture.resize(
            (width, round(picture.height * width / picture.width)),
            Image.Resampling.BILINEAR,
            reducing_gap=2.0,
        )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()
