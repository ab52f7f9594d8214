"""One picture from a camera, as good as the camera can: what a photograph is taken by."""

from whatsit.cameras.camera import Frame
from whatsit.cameras.opening import open_camera_without_page
from whatsit.cameras.region import split_region, with_region
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import CameraArgumentError
from whatsit.validation import short

SIZE, STILL = "size", "still"
"""Options of an address: the picture's size, and a camera's own configuration for photographs."""


def still(uri: str, size: str | None = None) -> Frame:
    """Take one picture with the camera at an address.

    A Pi's own camera is set up for photographs: the whole sensor, and every pixel of it where no size is given.

    Args:
        uri: see ``open_camera``.
        size: ``WIDTHxHEIGHT`` in pixels, asked of the camera, which may give the nearest that it has; None: the
            camera's usual one.

    Raises:
        CameraArgumentError: not an address, or the size of such a camera cannot be chosen.
        CameraError: no such size, its pictures come from a page, or the camera cannot be opened or was lost.
        MissingExtraError: the camera needs OpenCV, which is not installed.

    Example:
        >>> still("synthetic:?object=mug", "320x240").image.shape
        (240, 320, 3)
    """
    with open_camera_without_page(_for_stills(uri, size)) as camera:
        return camera.read()


def _for_stills(uri: str, size: str | None) -> str:
    """The address with the options that a photograph needs."""
    parsed, source = CAMERAS.parse(uri)
    address, region = split_region(uri)
    known = {option.name for option in source.options}
    if size is not None and SIZE not in known:
        raise CameraArgumentError(f"size {short(size)}: {parsed.text} has a size of its own; leave it out")
    if size is not None and SIZE in parsed.options:
        raise CameraArgumentError(f"size {short(size)}: {parsed.text} names a size already; leave one of them out")
    more = [] if size is None else [f"{SIZE}={size}"]
    if STILL in known and STILL not in parsed.options:
        more.append(f"{STILL}=1")
    if more:
        kind = f"{parsed.scheme}:"
        address = address if address.lower().startswith(kind) else kind + address  # a path, as in  /dev/video0
        address += ("&" if parsed.options else "?") + "&".join(more)
    return with_region(address, region)
