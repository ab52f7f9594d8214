"""``usb:0`` or ``/dev/video0``: a camera on V4L2, through OpenCV."""

import re
from collections.abc import Callable
from pathlib import Path

from whatsit.cameras.capture import Capture
from whatsit.cameras.holders import in_use
from whatsit.cameras.opencv import OpenCvCapture, VideoCapture, open_video, prop
from whatsit.cameras.remote import RemoteCamera
from whatsit.cameras.source import CameraSource
from whatsit.cameras.v4l2 import usb_cameras
from whatsit.errors import CameraLostError
from whatsit.plugins import EXTRAS, Address, NumberOption, SizeOption

_MJPG = int.from_bytes(b"MJPG", "little")
SIZE = SizeOption("size", "width and height of the pictures", (640, 480))
FPS = NumberOption("fps", "frames per second", 30.0, 1, 240)


def from_address(address: Address) -> RemoteCamera:
    """The camera at ``usb:N`` or ``/dev/videoN``.

    Raises:
        CameraError: not a number, or a value out of range.
    """
    match = re.fullmatch(r"(?:/dev/video)?(\d{0,3})", address.target)
    if match is None:
        raise address.refusal("a USB camera is usb:0 for the first, usb:1 … or /dev/video0")
    width, height = SIZE.of(address)
    options = {"index": int(match[1] or 0), "width": width, "height": height, "fps": FPS.of(address)}
    return RemoteCamera(address.text, f"{__name__}:open_usb", options)


def open_usb(
    index: int, width: int, height: int, fps: float, opening: Callable[..., VideoCapture] = open_video
) -> Capture:
    """The device as a capture.

    Raises:
        CameraLostError: it is not there, or in use by another program.
    """
    video = opening(index, "V4L2")
    if not video.isOpened():
        raise CameraLostError(f"it cannot be opened: {in_use([Path(f'/dev/video{index}')])}")
    capture = OpenCvCapture(video)
    # Set one by one after opening: given to the constructor, one that a camera refuses would keep it closed.
    if width * height > 640 * 480:
        video.set(prop("FOURCC"), _MJPG)  # uncompressed, USB 2 carries a few large frames per second
    for name, value in (("FRAME_WIDTH", width), ("FRAME_HEIGHT", height), ("FPS", fps), ("BUFFERSIZE", 1)):
        video.set(prop(name), value)
    return capture


SOURCE = CameraSource(
    description="a USB camera (V4L2)",
    example="usb:0",
    options=(SIZE, FPS),
    requirement=EXTRAS["opencv"],
    open=from_address,
    found=usb_cameras,
    page_may_choose=True,
)
