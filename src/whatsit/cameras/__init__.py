"""Cameras by address: one protocol, one file a source."""

from importlib import import_module
from typing import cast

from whatsit.cameras.address import parse_address, unknown_scheme
from whatsit.cameras.camera import Camera, Frame
from whatsit.cameras.shared import CameraState, SharedCamera, Subscription

__all__ = ["Camera", "CameraState", "Frame", "SharedCamera", "Subscription", "open_camera"]

# Each module has one function  from_address(address) -> Camera;  only the one asked for is imported.
_SOURCES = {
    "synthetic": "synthetic",
    "folder": "folder",
    "browser": "browser",
    "file": "video_file",
    "usb": "usb",
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "http": "mjpeg",
    "https": "mjpeg",
    "picamera": "picamera",
    "fake": "fake",
}


def open_camera(uri: str) -> Camera:
    """The camera at an address: ``synthetic:``, ``usb:0``, ``rtsp://…``, ``http://…``, ``file:clip.mp4``, ….

    Opening a camera that blocks (USB, network, video file) does not wait for it; the first ``read`` does.

    Raises:
        CameraError: the address is not understood, names nothing that is there, or has an unknown option.
        MissingExtraError: the camera needs OpenCV, which is not installed.
    """
    address = parse_address(uri)
    if address.scheme not in _SOURCES:
        raise unknown_scheme(address)
    source = import_module(f"whatsit.cameras.sources.{_SOURCES[address.scheme]}")
    return cast(Camera, source.from_address(address))
