"""``browser:``: frames that a page sends, from the camera of the visitor who opens the studio."""

import logging
import time

from whatsit.cameras.camera import ClosingCamera, Frame
from whatsit.cameras.capture import BrokenFrameError, decode_frame
from whatsit.cameras.mailbox import Mailbox
from whatsit.cameras.source import CameraSource
from whatsit.errors import CameraError, CameraLostError, ImageError
from whatsit.plugins import Address

_log = logging.getLogger(__name__)
MAX_FRAME_BYTES = 8 * 2**20


class BrowserCamera(ClosingCamera):
    """Frames pushed in as JPEG. Only the newest is decoded, by ``read``; broken ones are dropped and counted.

    Args:
        timeout: seconds without a frame after which the camera is lost.
        source: the address, for messages.
    """

    def __init__(self, timeout: float = 5.0, source: str = "browser:") -> None:
        self._source = source
        self._timeout = timeout
        self._mailbox: Mailbox[tuple[bytes, float]] = Mailbox()
        self._dropped = 0

    @property
    def source(self) -> str:
        return self._source

    @property
    def dropped(self) -> int:
        return self._dropped

    def push(self, jpeg: bytes) -> None:
        """Take in an encoded picture; it replaces one that was not read yet. Never blocks.

        Raises:
            ImageError: it is empty or larger than ``MAX_FRAME_BYTES``.
        """
        if not 0 < len(jpeg) <= MAX_FRAME_BYTES:
            self._dropped += 1
            raise ImageError(f"a frame of {len(jpeg):,} bytes: expected 1 to {MAX_FRAME_BYTES:,}")
        self._mailbox.put((jpeg, time.time()))

    def read(self) -> Frame:
        deadline = time.monotonic() + self._timeout
        while True:
            if self._mailbox.closed:
                raise CameraError(f"{self._source}: the camera is closed; open it again to read on")
            pushed = self._mailbox.take(max(0.0, deadline - time.monotonic()))
            if pushed is None:
                if self._mailbox.closed:
                    continue
                raise CameraLostError(f"{self._source}: no picture from a page for {self._timeout:g} s")
            try:
                image = decode_frame(pushed[0])
            except BrokenFrameError as error:
                self._dropped += 1
                _log.debug("dropped: %s", error)
                continue
            return Frame(image, pushed[1], self._source)

    def close(self) -> None:
        self._mailbox.close()


def from_address(address: Address) -> BrowserCamera:
    """The camera at ``browser:``.

    Raises:
        CameraError: the address says more than that.
    """
    if address.target:
        raise address.refusal("nothing follows browser: in an address")
    return BrowserCamera(source=address.text)


SOURCE = CameraSource(
    description="the camera of the visitor who opens the studio's page",
    example="browser:",
    open=from_address,
    page_may_choose=True,
    fed_by_page=True,
)
