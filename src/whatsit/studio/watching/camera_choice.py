"""Which camera the studio watches, which part of its picture, and which tab sends its frames."""

from collections.abc import Callable
from dataclasses import replace

from whatsit.cameras.opening import camera_source
from whatsit.cameras.region import Region, split_region, with_region
from whatsit.datasets.project import Project
from whatsit.errors import CameraError
from whatsit.studio.watching.feed import CameraView, Feed


class CameraChoice:
    """Changes the feed's camera as pages ask.

    Args:
        feed: watches the camera.
        project: remembers the region of the camera that it names.
        chosen: called after every change.
    """

    def __init__(self, feed: Feed, project: Project, chosen: Callable[[], None]) -> None:
        self._feed = feed
        self._project = project
        self._chosen = chosen
        self._sender: str | None = None
        self.first = feed.uri
        """The address the studio was started with."""

    def choose(self, uri: str, tab: str | None) -> None:
        """Change to another camera.

        Args:
            tab: the one that sends the frames, of a camera that is fed by a page.

        Raises:
            CameraError: the address is not understood.
            MissingExtraError: the camera needs a package that is not installed.
        """
        fed = camera_source(uri).fed_by_page
        if not fed or self._feed.uri != uri:
            self._feed.choose(uri)
        self._sender = tab if fed else None
        self._chosen()

    def choose_region(self, region: Region | None) -> None:
        """See only a part of the camera's picture from now on, or all of it; kept where the project names the camera.

        Raises:
            CameraError: the camera's frames come from a page, or its address takes no region.
        """
        if self._feed.fed_by_page:
            raise CameraError(f"{self._feed.source}: its pictures come from a page; move that camera instead")
        plain = split_region(self._feed.uri)[0]
        uri = with_region(plain, region)
        self._feed.choose(uri)
        self._chosen()
        settings = self._project.settings
        if split_region(settings.camera)[0] == plain:
            self._project.save_settings(replace(settings, camera=uri))

    def frame_from(self, tab: str, jpeg: bytes) -> None:
        """A camera frame a tab sent; dropped unless that tab is the camera.

        Raises:
            ImageError: it is empty or too large.
        """
        if tab == self._sender:
            self._feed.push(jpeg)

    def view(self) -> CameraView:
        """The camera and how it is, for the page."""
        return {**self._feed.view(), "sender": self._sender}
