"""The studio's camera: chosen by address, shared by everything that watches it."""

import io
import threading
from collections.abc import Callable, Iterator

from PIL import Image
from typing_extensions import TypedDict

from whatsit.cameras import CameraState, Frame, SharedCamera, Subscription, open_camera
from whatsit.cameras.camera import PushedCamera, StagedCamera
from whatsit.cameras.region import split_region
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import CameraError
from whatsit.parallel import start_thread

PREVIEW_WIDTH = 640
"""Pixels."""
_PREVIEW_QUALITY = 80
KEPT_QUALITY = 92
STALE_SECONDS = 3.0
"""A frame older than this is not what the camera sees now."""
_LOOK_SECONDS = 0.5


class FeedView(TypedDict):
    """The camera that is chosen and how it is, for the page."""

    uri: str
    """Its address, without its password."""
    scheme: str
    """The scheme of its address: which kind of camera it is."""
    fed_by_page: bool
    """Whether its frames are those that a page sends."""
    region: list[float] | None
    """Left, top, width and height of what is seen of its picture, in shares of that; None: all of it."""
    state: str
    """A value of ``CameraState``."""
    error: str | None
    """Why it is lost or failed."""
    objects: list[str]
    """What the demonstration scene can show; empty for other cameras."""
    showing: str | None
    """What the demonstration scene was asked to show; None: everything in turn."""


class CameraView(FeedView):
    """The WebSocket message ``camera``."""

    sender: str | None
    """The tab that sends the frames, of a camera that is fed by a page."""


class Feed:
    """One camera at a time. Choosing another closes the first; watchers stay and see the new one.

    Raises:
        CameraError: the first address is not understood.
        MissingExtraError: it needs a package that is not installed.
    """

    def __init__(self, uri: str) -> None:
        self._changed = threading.Condition()
        self._closed = False
        self._camera = SharedCamera(open_camera(uri))
        self._listening: threading.Thread | None = None
        self.uri = uri
        self.showing: str | None = None
        """What the demonstration scene was asked to show; None: everything in turn."""

    @property
    def camera(self) -> SharedCamera:
        """The camera that is chosen."""
        return self._camera

    @property
    def state(self) -> CameraState:
        """How the camera is."""
        return self._camera.state

    @property
    def error(self) -> str | None:
        """Why it is lost or failed."""
        return self._camera.error

    @property
    def source(self) -> str:
        """Its address, without a password."""
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
        """What the demonstration scene can be asked to show; empty for real cameras."""
        camera = self._camera.camera
        return camera.objects if isinstance(camera, StagedCamera) else ()

    def view(self) -> FeedView:
        """The camera and how it is, for the page."""
        region = split_region(self.uri)[1]
        return {
            "uri": self.source,
            "scheme": self.scheme,
            "fed_by_page": self.fed_by_page,
            "region": None if region is None else [region.x, region.y, region.width, region.height],
            "state": self.state.value,
            "error": self.error,
            "objects": list(self.objects),
            "showing": self.showing,
        }

    def show(self, name: str | None) -> None:
        """Make the demonstration scene show one object, or None for everything in turn; returns when it does.

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
        """Switch to another camera.

        Raises:
            CameraError: the address is not understood; the old camera stays.
            MissingExtraError: it needs a package that is not installed.
        """
        opened = SharedCamera(open_camera(uri))
        with self._changed:
            before, self._camera, self.uri = self._camera, opened, uri
            self.showing = None
            self._changed.notify_all()
        before.close()

    def push(self, jpeg: bytes) -> None:
        """Take a frame from a page; ignored unless pages are the camera.

        Raises:
            ImageError: it is empty or too large.
        """
        camera = self._camera.camera
        if isinstance(camera, PushedCamera):
            camera.push(jpeg)

    def snapshot(self, now: float) -> bytes:
        """The newest frame as a JPEG file of high quality; see ``newest``."""
        return encode(self.newest(now), None, KEPT_QUALITY)

    def newest(self, now: float) -> Frame:
        """The newest frame.

        Args:
            now: seconds since 1970, ``time.time()``.

        Raises:
            CameraError: there is no frame of the last three seconds.
        """
        frame = self._camera.latest
        if frame is None or abs(now - frame.time) > STALE_SECONDS:  # abs: the clock can be set back
            reason = self.error or "it has not given a picture yet"
            raise CameraError(f"no picture to take: {reason}")
        return frame

    def frames(self, wanted: Callable[[], bool]) -> Iterator[Frame]:
        """The newest frames of whichever camera is chosen, until ``wanted`` is false; checked twice per second."""
        while wanted() and not self._closed:
            camera = self._camera
            with camera.subscribe() as subscription:
                yield from self._frames_of(camera, subscription, wanted)
            with self._changed:
                if self._camera is camera and not self._closed:
                    self._changed.wait(0.5)

    def listen(self, changed: Callable[[], None]) -> None:
        """Call ``changed``, on a separate thread, whenever the camera, its state or its error changes."""
        self._listening = start_thread("camera state", self._listen, changed)

    def stop_watching(self) -> None:
        """End every iteration of ``frames``."""
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
    """The frame as a JPEG file, scaled down if it is wider than ``width`` pixels."""
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
