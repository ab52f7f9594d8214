"""``rtsp://…``: a network camera (RFC 2326, RFC 7826), through OpenCV's FFmpeg."""

import os
from collections.abc import Callable

from whatsit.cameras.address import Address
from whatsit.cameras.capture import Capture
from whatsit.cameras.opencv import OpenCvCapture, VideoCapture, open_video, require_opencv
from whatsit.cameras.remote import RemoteCamera


def from_address(address: Address) -> RemoteCamera:
    """The camera at an RTSP URL; a user name and password may be part of it.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    require_opencv(f"{address.text}: an RTSP camera")
    return RemoteCamera(address.text, "whatsit.cameras.sources.rtsp:open_rtsp", {"url": address.target})


def open_rtsp(url: str, opening: Callable[..., VideoCapture] = open_video) -> Capture:
    """The stream as a capture, by TCP: over UDP a lost packet smears the picture.

    Raises:
        CameraLostError: the server does not answer, or has no such stream.
    """
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fflags;nobuffer")
    limits = [("OPEN_TIMEOUT_MSEC", 10_000), ("READ_TIMEOUT_MSEC", 10_000)]
    return OpenCvCapture(opening(url, "FFMPEG", limits))
