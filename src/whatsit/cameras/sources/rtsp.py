"""``rtsp://…``: a network camera (RFC 2326, RFC 7826), through OpenCV's FFmpeg."""

import os
from collections.abc import Callable

from whatsit.cameras.capture import Capture
from whatsit.cameras.opencv import OpenCvCapture, VideoCapture, open_video
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource
from whatsit.plugins import EXTRAS, Address


def from_address(address: Address) -> RemoteCamera:
    """The camera at an RTSP URL, which can contain a user name and password."""
    return RemoteCamera(address.text, f"{__name__}:open_rtsp", {"url": address.target})


def open_rtsp(url: str, opening: Callable[..., VideoCapture] = open_video) -> Capture:
    """The stream as a capture, over TCP: over UDP a lost packet smears the picture.

    Raises:
        CameraLostError: the server does not answer, or has no such stream.
    """
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fflags;nobuffer")
    limits = [("OPEN_TIMEOUT_MSEC", 10_000), ("READ_TIMEOUT_MSEC", 10_000)]
    return OpenCvCapture(opening(url, "FFMPEG", limits))


SOURCE = CameraSource(
    description="a network camera (RTSP over TCP)",
    example="rtsp://…",
    url=True,
    requirement=EXTRAS["opencv"],
    open=from_address,
    page_may_choose=True,
)
