"""``http://…``: a network camera that sends JPEG pictures one after the other (multipart/x-mixed-replace)."""

import base64
import http.client
import re
from email.message import Message
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import Capture, decode_frame
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource
from whatsit.errors import CameraError, CameraLostError
from whatsit.plugins import Address
from whatsit.text import one_line

MAX_JPEG_BYTES = 16 * 2**20
_MAX_LINE = 4096
_MAX_HEADERS = 32


def from_address(address: Address) -> RemoteCamera:
    """The camera at an HTTP or HTTPS URL, which can contain a user name and password (Basic, RFC 7617).

    Raises:
        CameraError: the URL has an impossible port.
    """
    try:
        port = urlsplit(address.target).port
    except ValueError:
        port = 0
    if port == 0:
        raise address.refusal("not a web address; write it as http://host:port/path")
    return RemoteCamera(address.text, f"{__name__}:open_mjpeg", {"url": address.target})


def open_mjpeg(url: str, timeout: float = 10.0) -> Capture:
    """Connect and read the response's header.

    Args:
        timeout: seconds for connecting and for each read.

    Raises:
        CameraLostError: nothing answers, or the status is not 200; trying again can help.
        CameraError: the response is not an MJPEG stream, or the camera asks for a password.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=timeout)
    headers = {"User-Agent": "whatsit", "Accept": "multipart/x-mixed-replace, image/jpeg"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    path = parts.path or "/"
    try:
        connection.request("GET", f"{path}?{parts.query}" if parts.query else path, headers=headers)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise CameraLostError(f"it does not answer: {one_line(error)}") from error
    try:
        _check_response(response.status, response.headers)
    except BaseException:
        connection.close()
        raise
    return MjpegCapture(cast(BinaryIO, response), _boundary(response.headers), connection)


def _check_response(status: int, headers: Message) -> None:
    if status in (401, 403):
        raise CameraError(f"it asks for a name and password (status {status}): write http://name:password@host/…")
    if status != 200:
        raise CameraLostError(f"it answers with status {status}")
    kind = headers.get_content_type()
    if kind != "multipart/x-mixed-replace":
        raise CameraError(f"it sends {one_line(kind)}, not an MJPEG stream (multipart/x-mixed-replace)")


def _boundary(headers: Message) -> bytes:
    # Some cameras include the two dashes in the name, some do not.
    name = headers.get_param("boundary") or ""
    text = name if isinstance(name, str) else name[2]
    return b"--" + text.strip().lstrip("-").encode("latin-1", "replace")


class MjpegCapture:
    """A multipart stream (RFC 2046, section 5.1), read part by part."""

    def __init__(self, stream: BinaryIO, boundary: bytes, connection: http.client.HTTPConnection | None = None) -> None:
        self._stream = stream
        self._boundary = boundary
        self._connection = connection
        self._at_headers = False

    def grab(self) -> NDArray[np.uint8]:
        try:
            jpeg = self._part()
        except (OSError, http.client.HTTPException) as error:
            raise CameraLostError(f"the connection broke: {one_line(error)}") from error
        return decode_frame(jpeg)

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _part(self) -> bytes:
        if not self._at_headers:
            self._skip_to_boundary()
        self._at_headers = False
        length = self._length()
        if length is None:
            return self._up_to_boundary()
        if not 0 < length <= MAX_JPEG_BYTES:
            raise CameraLostError(f"it announces a picture of {length:,} bytes")
        content = self._stream.read(length)
        if len(content) < length:
            raise CameraLostError("the connection ended in the middle of a picture")
        return content

    def _line(self) -> bytes:
        line = self._stream.readline(_MAX_LINE)
        if not line:
            raise CameraLostError("the connection ended")
        return line

    def _skip_to_boundary(self) -> None:
        skipped = 0
        while not self._line().startswith(self._boundary):
            skipped += 1
            if skipped > MAX_JPEG_BYTES // 16:
                raise CameraLostError("its stream has no boundaries")

    def _length(self) -> int | None:
        length = None
        for _ in range(_MAX_HEADERS):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return length
            match = re.match(rb"content-length\s*:\s*(\d{1,12})\s*$", line, re.IGNORECASE)
            if match:
                length = int(match[1])
        raise CameraLostError("a part of its stream has too many headers")

    def _up_to_boundary(self) -> bytes:
        content = bytearray()
        while True:
            line = self._line()
            if line.startswith(self._boundary):
                self._at_headers = True
                return bytes(content)
            content += line
            if len(content) > MAX_JPEG_BYTES:
                raise CameraLostError(f"it sends a picture of more than {MAX_JPEG_BYTES:,} bytes")


SOURCE = CameraSource(
    description="a network camera that sends MJPEG (HTTP or HTTPS)",
    example="http://…",
    url=True,
    open=from_address,
    page_may_choose=True,
)
