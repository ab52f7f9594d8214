"""An MJPEG stream comes from a stranger: whatever it sends, reading it ends, and in one of two ways."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjpeg_server import red_jpeg
from whatsit.cameras.capture import BrokenFrameError
from whatsit.cameras.multipart import PictureParts
from whatsit.cameras.sources.browser import BrowserCamera
from whatsit.cameras.sources.mjpeg import MjpegCapture
from whatsit.errors import CameraLostError, ImageError


def read_all(content: bytes) -> tuple[int, int]:
    """Frames good and broken, until the stream is given up."""
    capture = MjpegCapture(PictureParts(io.BytesIO(content), b"--frame"))
    good = broken = 0
    while True:
        try:
            capture.grab()
            good += 1
        except BrokenFrameError:
            broken += 1
        except CameraLostError:
            return good, broken


def part(content: bytes, headers: bytes = b"") -> bytes:
    return b"--frame\r\nContent-Type: image/jpeg\r\n" + headers + b"\r\n" + content + b"\r\n"


def huge_png() -> bytes:
    """A picture of 20,000 by 20,000 pixels in a few bytes: only its header counts."""
    body = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from(
                [
                    part(red_jpeg(32, 24)),
                    part(red_jpeg(32, 24), b"Content-Length: 10\r\n"),
                    part(b"", b"Content-Length: 99999999999\r\n"),
                    part(b"", b"Content-Length: -5\r\n"),
                    b"--frame\r\n" * 3,
                    b"\r\n" * 40,
                ]
            ),
        ),
        max_size=8,
    )
)
def test_whatever_comes_the_stream_is_read_or_given_up(pieces: list[bytes]) -> None:
    read_all(b"".join(pieces))


def test_a_broken_picture_does_not_cost_the_next_one() -> None:
    jpeg = red_jpeg(32, 24)
    length = f"Content-Length: {len(jpeg)}\r\n".encode()
    stream = part(jpeg, length) + part(jpeg[:60], b"Content-Length: 60\r\n") + part(jpeg, length)
    assert read_all(stream) == (2, 1)


def test_headers_without_end_and_a_picture_without_end_are_given_up() -> None:
    assert read_all(b"--frame\r\n" + b"X: y\r\n" * 10_000) == (0, 0)
    assert read_all(b"--frame\r\n\r\n" + b"\xff" * (17 * 2**20)) == (0, 0)


def test_a_frame_with_too_many_pixels_is_dropped_before_it_is_decoded() -> None:
    assert read_all(part(huge_png(), f"Content-Length: {len(huge_png())}\r\n".encode())) == (0, 1)
    with BrowserCamera(timeout=0.01) as camera:
        camera.push(huge_png())
        with pytest.raises(CameraLostError):
            camera.read()
        assert camera.dropped == 1


def test_a_page_cannot_push_nothing_or_too_much() -> None:
    with BrowserCamera(timeout=0.01) as camera:
        for content in (b"", b"\0" * (9 * 2**20)):
            with pytest.raises(ImageError):
                camera.push(content)
        assert camera.dropped == 2
