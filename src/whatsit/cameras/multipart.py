"""A stream of pictures in parts (RFC 2046, section 5.1), as cameras really send it."""

import re
from typing import BinaryIO

from whatsit.errors import CameraLostError

MAX_PICTURE_BYTES = 16 * 2**20
_MAX_LINE = 4096
_TAIL = 2048
"""The end of a JPEG stands within this many bytes: some cameras pad, or add what they know."""
_MAX_LINES = 200_000
_MAX_HEADERS = 32
_MAX_WITHOUT = 1000
"""Parts in a row that are no picture, after which the stream is given up."""
_LENGTH = re.compile(rb"content-length\s*:\s*(\d{1,12})\s*$", re.IGNORECASE)
_TYPE = re.compile(rb"content-type\s*:\s*([\w.+-]+/[\w.+-]+)", re.IGNORECASE)
_NAME = re.compile(rb"--[\w'()+,./:=? -]{1,200}")


class PictureParts:
    """The pictures of a stream, one after the other.

    A boundary is a line of the name with any number of dashes before and after it: cameras write some in the header,
    some in the body, some in both. Where the header names another than the body has, or none, the first line that
    begins with two dashes between two parts is it.

    Args:
        stream: read in lines and blocks.
        boundary: the name in the header, with or without dashes; empty where it names none.
    """

    def __init__(self, stream: BinaryIO, boundary: bytes) -> None:
        self._stream = stream
        self._names = {boundary.strip().strip(b"-")} - {b""}
        self._at_headers = False

    def next(self) -> bytes:
        """The next picture.

        Raises:
            CameraLostError: the stream ended, or what comes is none.
            OSError, HTTPException: the connection broke.
        """
        for _ in range(_MAX_WITHOUT):
            if not self._at_headers:
                self._skip_to_boundary()
            self._at_headers = False
            length, kind = self._headers()
            content = self._sized(length) if length else self._up_to_boundary()
            if kind.startswith(b"image/") or kind in (b"", b"application/octet-stream"):
                return content
        raise CameraLostError(f"{_MAX_WITHOUT:,} parts of its stream, and none is a picture")

    def _sized(self, length: int) -> bytes:
        if length > MAX_PICTURE_BYTES:
            raise CameraLostError(f"it announces a picture of {length:,} bytes")
        content = self._stream.read(length)
        if len(content) < length:
            raise CameraLostError("the connection ended in the middle of a picture")
        if content.startswith(b"\xff\xd8") and b"\xff\xd9" not in content[-_TAIL:]:
            return content + self._up_to_boundary()  # the length was too small
        return content

    def _line(self) -> bytes:
        line = self._stream.readline(_MAX_LINE)
        if not line:
            raise CameraLostError("the connection ended")
        return line

    def _is_boundary(self, line: bytes) -> bool:
        name = line.strip().strip(b"-")
        return name in self._names or any(line.startswith(b"--" + known) for known in self._names)

    def _glued(self, line: bytes) -> int | None:
        """Where a boundary begins that follows a JPEG without a newline between; None: nowhere."""
        bare = line.rstrip().rstrip(b"-")
        ends = [len(bare) - len(name) for name in self._names if bare.endswith(b"--" + name)]
        start = len(bare[: min(ends)].rstrip(b"-")) if ends else 0
        return start if line[:start].endswith(b"\xff\xd9") else None

    def _skip_to_boundary(self) -> None:
        skipped = 0
        for _ in range(_MAX_LINES):
            line = self._line()
            if self._is_boundary(line):
                return
            if _NAME.fullmatch(line.rstrip(b"\r\n")) and (name := line.strip().strip(b"-")):
                self._names.add(name)
                return
            skipped += len(line)
            if skipped > MAX_PICTURE_BYTES:
                break
        raise CameraLostError("its stream has no boundaries")

    def _headers(self) -> tuple[int | None, bytes]:
        """The length of a part, and its type in lower case; None or empty where it says none."""
        length, kind = None, b""
        for _ in range(_MAX_HEADERS):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return length, kind
            if found := _LENGTH.match(line):
                length = int(found[1])
            elif found := _TYPE.match(line):
                kind = found[1].lower()
        raise CameraLostError("a part of its stream has too many headers")

    def _up_to_boundary(self) -> bytes:
        content = bytearray()
        while True:
            line = self._line()
            if self._is_boundary(line):
                self._at_headers = True
                return bytes(content)
            if (end := self._glued(line)) is not None:
                self._at_headers = True
                return bytes(content) + line[:end]
            content += line
            if len(content) > MAX_PICTURE_BYTES:
                raise CameraLostError(f"it sends a picture of more than {MAX_PICTURE_BYTES:,} bytes")
