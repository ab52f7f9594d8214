"""One file per kind of camera, and the table of them all. A package adds a row by an entry point in its group."""

from whatsit.cameras.region import split_region
from whatsit.cameras.source import CameraSource
from whatsit.errors import CameraArgumentError, CameraError
from whatsit.plugins import Address, AddressTable

_HERE = __name__


class CameraTable(AddressTable[CameraSource]):
    """The table of cameras; every address can end in a region of interest, which is not an option of the camera."""

    def parse(self, text: str) -> tuple[Address, CameraSource]:
        return super().parse(split_region(text)[0])


CAMERAS = CameraTable(
    "whatsit.cameras",
    CameraSource,
    {
        "picamera": f"{_HERE}.picamera:SOURCE",
        "usb": f"{_HERE}.usb:SOURCE",
        "rtsp": f"{_HERE}.rtsp:SOURCE",
        "rtsps": f"{_HERE}.rtsp:SOURCE",
        "http": f"{_HERE}.mjpeg:SOURCE",
        "https": f"{_HERE}.mjpeg:SOURCE",
        "file": f"{_HERE}.video_file:SOURCE",
        "folder": f"{_HERE}.folder:SOURCE",
        "browser": f"{_HERE}.browser:SOURCE",
        "synthetic": f"{_HERE}.synthetic:SOURCE",
        "fake": f"{_HERE}.fake:SOURCE",
    },
    noun="camera",
    error=CameraError,
    argument_error=CameraArgumentError,
    paths={r"/dev/video\d+": "usb"},
)
"""Scheme -> ``CameraSource``; real devices first, since the first camera found is the one that the studio opens."""
