"""Cameras by address: one protocol, one file per source."""

from whatsit.cameras.camera import Camera, ClosingCamera, Frame
from whatsit.cameras.listing import list_cameras
from whatsit.cameras.opening import open_camera
from whatsit.cameras.remote import Patience, RemoteCamera
from whatsit.cameras.shared import CameraState, SharedCamera, Subscription
from whatsit.cameras.source import CameraSource, FoundCamera

__all__ = [
    "Camera",
    "CameraSource",
    "CameraState",
    "ClosingCamera",
    "FoundCamera",
    "Frame",
    "Patience",
    "RemoteCamera",
    "SharedCamera",
    "Subscription",
    "list_cameras",
    "open_camera",
]
