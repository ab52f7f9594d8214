"""Which cameras this machine has."""

import logging

from whatsit.cameras.source import FoundCamera
from whatsit.cameras.sources import CAMERAS

_log = logging.getLogger(__name__)


def list_cameras() -> list[FoundCamera]:
    """Every camera that can be opened here and now: devices first, and last the demonstration scene, always there.

    A kind of camera that cannot be listed is left out, with a warning in the log.
    """
    found: list[FoundCamera] = []
    for source in CAMERAS.rows():
        try:
            there = source.found() if source.found is not None else []
            for camera in there:
                CAMERAS.parse(camera.address)
            found += there
        except Exception as error:  # a driver's or a package's: the other cameras are still there
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            _log.warning("%s: cameras of this kind cannot be listed: %s", source.example, reason)
    return sorted(found, key=lambda camera: not camera.device)


def first_camera() -> str:
    """The address of the camera to use where nobody says which."""
    return list_cameras()[0].address
