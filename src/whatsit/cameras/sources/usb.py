"""``usb:0`` or ``/dev/video0``: a camera on V4L2, through OpenCV."""

import re
from collections.abc import Callable

from whatsit.cameras.address import Address
from whatsit.cameras.capture import Capture
from whatsit.cameras.opencv import OpenCvCapture, VideoCapture, open_video, prop, require_opencv
from whatsit.cameras.remote import RemoteCamera
from whatsit.errors import CameraError

_MJPG = int.from_bytes(b"MJPG", "little")


def from_address(address: Address) -> RemoteCamera:
    """The camera at ``usb:N`` or ``/dev/videoN`` with the options ``size`` and ``fps``.

    Raises:
        CameraError: not a number, an unknown option, or a value out of range.
        MissingExtraError: OpenCV is not installed.
    """
    address.only(("size", "fps"))
    match = re.fullmatch(r"(?:/dev/video)?(\d{0,3})", address.target)
    if match is None:
        raise CameraError(f"{address.text}: a USB camera is usb:0, usb:1 or /dev/video0; see  whatsit cameras")
    require_opencv(f"{address.text}: a USB camera")
    width, height = address.size((640, 480))
    options = {
        "index": int(match[1] or 0),
        "width": width,
        "height": height,
        "fps": address.number("fps", 30, 1, 240),
    }
    return RemoteCamera(address.text, "whatsit.cameras.sources.usb:open_usb", options)


def open_usb(
    index: int, width: int, height: int, fps: float, opening: Callable[..., VideoCapture] = open_video
) -> Capture:
    """The device as a capture.

    Raises:
        CameraLostError: it is not there, or in use.
    """
    video = opening(index, "V4L2")
    capture = OpenCvCapture(video)
    # Set one by one after opening: given to the constructor, one that a camera refuses would keep it closed.
    if width * height > 640 * 480:
        video.set(prop("FOURCC"), _MJPG)  # uncompressed, USB 2 carries a few large frames a second
    for name, value in (("FRAME_WIDTH", width), ("FRAME_HEIGHT", height), ("FPS", fps), ("BUFFERSIZE", 1)):
        video.set(prop(name), value)
    return capture
