"""``http://…``: a network camera that sends pictures one after the other (multipart), or one whenever it is asked."""

import http.client
import threading
import time
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import Capture, decode_frame
from whatsit.cameras.multipart import MAX_PICTURE_BYTES, PictureParts
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource
from whatsit.cameras.web_response import WebCamera, WebResponse, reason_of
from whatsit.errors import CameraError, CameraLostError
from whatsit.imaging.picture_format import format_of
from whatsit.plugins import Address

STILL_INTERVAL = 0.5
"""Seconds from one request for a still picture to the next: cameras encode each one anew."""
_STREAMS = ("multipart/x-mixed-replace", "multipart/mixed")


def from_address(address: Address) -> RemoteCamera:
    """The camera at an HTTP or HTTPS URL, which can contain a user name and password.

    Raises:
        CameraError: the URL has no host or an impossible port.
    """
    try:
        parts = urlsplit(address.target)
        good = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise address.refusal("not a web address; write it as http://host:port/path")
    return RemoteCamera(address.text, f"{__name__}:open_mjpeg", {"url": address.target})


def open_mjpeg(url: str, timeout: float = 10.0) -> Capture:
    """Connect, and take the response for what it is: a stream of pictures, or one picture.

    Args:
        timeout: seconds for connecting and for each read.

    Raises:
        CameraLostError: nothing answers, or the status is not 200; trying again can help.
        CameraError: the response is no picture, leads to another host, or the camera wants another password.
    """
    camera = WebCamera(url, timeout)
    response = camera.get()
    try:
        if response.kind in _STREAMS:
            return MjpegCapture(cast(BinaryIO, response.raw), _boundary(response), response.connection)
        first = _body(response)
        if response.kind.startswith("image/") or format_of(first) is not None:
            return StillCapture(camera, first)
        sent = response.described(first)
        raise CameraError(f"it sends neither an MJPEG stream (multipart/x-mixed-replace) nor a picture, but {sent}")
    except BaseException:
        response.close()
        raise


def _boundary(response: WebResponse) -> bytes:
    name = response.raw.headers.get_param("boundary") or ""
    return (name if isinstance(name, str) else name[2]).encode("latin-1", "replace")


def _body(response: WebResponse) -> bytes:
    """The whole of a picture; only the beginning of anything else.

    Raises:
        CameraLostError: it is too long, or the connection broke.
    """
    try:
        first = response.raw.read(1024)
        if not (response.kind.startswith("image/") or format_of(first) is not None):
            return first
        content = first + response.raw.read(MAX_PICTURE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise CameraLostError(f"the connection broke ({reason_of(error)})") from error
    if len(content) > MAX_PICTURE_BYTES:
        raise CameraLostError(f"it sends a picture of more than {MAX_PICTURE_BYTES:,} bytes")
    response.close()
    return content


class MjpegCapture:
    """A stream of pictures, read part by part."""

    def __init__(self, stream: BinaryIO, boundary: bytes, connection: http.client.HTTPConnection | None = None) -> None:
        self._parts = PictureParts(stream, boundary)
        self._connection = connection

    def grab(self) -> NDArray[np.uint8]:
        try:
            picture = self._parts.next()
        except (OSError, http.client.HTTPException) as error:
            raise CameraLostError(f"the connection broke ({reason_of(error)})") from error
        return decode_frame(picture)

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()


class StillCapture:
    """A picture that is asked for again and again, at a pace.

    Args:
        camera: gives one picture a request.
        first: the picture that it gave already.
        interval: seconds from one request to the next.
    """

    def __init__(self, camera: WebCamera, first: bytes, interval: float = STILL_INTERVAL) -> None:
        self._camera, self._first, self._interval = camera, first, interval
        self._due = time.monotonic() + interval
        self._released = threading.Event()

    def grab(self) -> NDArray[np.uint8]:
        if self._first:
            content, self._first = self._first, b""
            return decode_frame(content)
        self._released.wait(max(0.0, self._due - time.monotonic()))
        self._due = time.monotonic() + self._interval
        with self._camera.get() as response:
            return decode_frame(_body(response))

    def release(self) -> None:
        self._released.set()


SOURCE = CameraSource(
    description="a network camera that sends MJPEG or single pictures (HTTP or HTTPS)",
    example="http://…",
    url=True,
    open=from_address,
    page_may_choose=True,
)
