"""From a camera's address to the camera."""

from whatsit.cameras.camera import Camera
from whatsit.cameras.region import seen_by, split_region
from whatsit.cameras.source import CameraSource
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import CameraError


def open_camera(uri: str) -> Camera:
    """The camera at an address: ``synthetic:``, ``usb:0``, ``rtsp://…``, ``http://…``, ``file:clip.mp4``, ….

    Any address can end in ``?roi=x,y,w,h``, or ``&roi=…`` after other options: the rectangle of the picture, in shares
    of its width and height, that is all anybody sees of it. The frames' source names it.

    Opening a camera that blocks (USB, network, video file) does not wait for it; the first ``read`` does.

    ::

        with whatsit.open_camera("synthetic:?object=mug") as camera:
            frame = camera.read()

    Raises:
        CameraError: the address is not understood, names nothing that is there, or has an unknown option.
        MissingExtraError: the camera needs OpenCV, which is not installed.
        PluginError: an installed package announces the scheme, and cannot be used.
    """
    address, source = CAMERAS.resolve(uri)
    return seen_by(source.open(address), split_region(uri)[1])


def open_camera_without_page(uri: str) -> Camera:
    """As ``open_camera``, for a program that no page sends frames to.

    Raises:
        CameraError: also where the frames would come from a page.
    """
    address, source = CAMERAS.resolve(uri)
    if source.fed_by_page:
        raise CameraError(
            f"{address.text}: its pictures come from the studio's page: use  whatsit studio --camera {address.text}"
        )
    return seen_by(source.open(address), split_region(uri)[1])


def camera_source(uri: str) -> CameraSource:
    """The kind of camera at an address; nothing is opened.

    Raises:
        CameraError: the address is not understood, or has an unknown option.
        PluginError: an installed package announces the scheme, and cannot be used.
    """
    return CAMERAS.parse(uri)[1]
