"""Which cameras this machine has."""

import logging
from collections.abc import Callable

from whatsit.cameras.source import FoundCamera
from whatsit.cameras.sources import CAMERAS
from whatsit.errors import WhatsitError

_log = logging.getLogger(__name__)


def list_cameras(on_unlisted: Callable[[str], None] = _log.warning) -> list[FoundCamera]:
    """Every camera that this machine has: devices first, and last the demonstration scene, always there.

    Args:
        on_unlisted: called with one line for each kind of camera that cannot be listed, and is left out.
    """
    found: list[FoundCamera] = []
    for source in CAMERAS.rows():
        try:
            there = source.found() if source.found is not None else []
            for camera in there:
                CAMERAS.parse(camera.address)
            found += there
        except Exception as error:  # a driver's or a package's: the other cameras are still there
            reason = str(error) if isinstance(error, WhatsitError) else f"{type(error).__name__}: {error}"
            on_unlisted(f"{source.example}: cameras of this kind cannot be listed: {' '.join(reason.split())}")
    return sorted(found, key=lambda camera: not camera.device)


def first_camera() -> str:
    """The address of the camera to use where nobody says which: the first whose package is installed.

    One that is passed over is named in the log, with what to install; the last is the demonstration scene.
    """
    found = list_cameras()
    for camera in found:
        needed = CAMERAS.parse(camera.address)[1].requirement
        if needed is None or needed.installed:
            return camera.address
        _log.warning(
            "%s (%s) is passed over: it needs %s: run  %s", camera.address, camera.name, needed.name, needed.fix
        )
    return found[-1].address
