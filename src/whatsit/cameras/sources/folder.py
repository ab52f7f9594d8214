"""``folder:`` the pictures of a folder, one after the other, as if a camera had taken them now."""

import logging
import time
from pathlib import Path

import numpy as np

from whatsit.cameras.address import Address
from whatsit.cameras.camera import ClosingCamera, Frame
from whatsit.cameras.pace import Pace
from whatsit.errors import CameraEndedError, CameraError, ImageError
from whatsit.imaging.image import SUFFIXES, load_image

_log = logging.getLogger(__name__)


class FolderCamera(ClosingCamera):
    """Every JPEG, PNG and WebP below a folder by the order of names; broken ones are dropped and counted.

    Options of the address: ``fps`` (default 1; 0: as fast as it is read), ``loop`` (start again at the end).
    """

    def __init__(self, folder: Path, fps: float = 1.0, loop: bool = False, source: str | None = None) -> None:
        self._source = source or f"folder:{folder}"
        try:
            if not folder.is_dir():
                raise CameraError(f"{self._source}: {folder} is not a folder; give one that holds pictures")
            self._paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        except (OSError, ValueError) as error:
            raise CameraError(f"{self._source}: cannot be read: {error}") from error
        if not self._paths:
            raise CameraError(f"{self._source}: no JPEG, PNG or WebP picture in {folder}")
        self._loop = loop
        self._pace = Pace(fps, self._source)
        self._next = 0
        self._good = 0
        self._dropped = 0

    @property
    def source(self) -> str:
        return self._source

    @property
    def dropped(self) -> int:
        return self._dropped

    def read(self) -> Frame:
        self._pace.wait()
        while True:
            if self._next == len(self._paths):
                if not self._loop or not self._good:
                    raise CameraEndedError(f"{self._source}: no further picture; add ?loop=1 to start again")
                self._next = self._good = 0
            path = self._paths[self._next]
            self._next += 1
            try:
                image = np.asarray(load_image(path))
            except ImageError as error:
                self._dropped += 1
                _log.warning("dropped: %s", error)
                continue
            self._good += 1
            return Frame(image, time.time(), self._source)

    def close(self) -> None:
        self._pace.close()


def from_address(address: Address) -> FolderCamera:
    """The camera an address describes.

    Raises:
        CameraError: no such folder, no picture in it, or an unknown option.
    """
    address.only(("fps", "loop"))
    fps = address.number("fps", 1, 0, 120)
    return FolderCamera(Path(address.target or "."), fps, address.flag("loop"), address.text)
