"""A stream of JPEGs one right after the other, with nothing between them."""

from typing import BinaryIO

from whatsit.cameras.multipart import MAX_PICTURE_BYTES
from whatsit.errors import CameraLostError

_BETWEEN = b"\xff\xd9\xff\xd8\xff"
"""The end of one and the beginning of the next: that of a thumbnail inside a picture is followed by something else."""
_BLOCK = 2**14


class JpegSequence:
    """The pictures of a stream, one after the other.

    Args:
        stream: what comes next.
        begun: what was read of it already.
    """

    def __init__(self, stream: BinaryIO, begun: bytes = b"") -> None:
        self._stream, self._buffer = stream, bytearray(begun)

    @staticmethod
    def is_begun(content: bytes) -> bool:
        """True where a second JPEG follows the first."""
        return content.startswith(b"\xff\xd8\xff") and _BETWEEN in content

    def next(self) -> bytes:
        """The next picture.

        Raises:
            CameraLostError: the stream ended, or a picture does not.
            OSError, HTTPException: the connection broke.
        """
        looked = 0
        while (end := self._buffer.find(_BETWEEN, looked)) < 0:
            looked = max(0, len(self._buffer) - len(_BETWEEN))
            if len(self._buffer) > MAX_PICTURE_BYTES:
                raise CameraLostError(f"it sends a picture of more than {MAX_PICTURE_BYTES:,} bytes")
            block = self._stream.read(_BLOCK)
            if not block:
                raise CameraLostError("the connection ended")
            self._buffer += block
        picture = bytes(self._buffer[: end + 2])
        del self._buffer[: end + 2]
        return picture
