"""``folder:pictures/``: the pictures of a folder, one after the other, as if a camera had just taken them."""

import logging
import time
from pathlib import Path

import numpy as np

from whatsit.cameras.camera import ClosingCamera, Frame
from whatsit.cameras.pace import Pace
from whatsit.cameras.source import CameraSource
from whatsit.errors import CameraEndedError, CameraError, ImageError
from whatsit.imaging.image import load_image
from whatsit.imaging.picture_format import SUFFIXES
from whatsit.plugins import Address, FlagOption, NumberOption

_log = logging.getLogger(__name__)
FPS = NumberOption("fps", "pictures per second; 0: as fast as they are read", 1.0, 0, 120)
LOOP = FlagOption("loop", "start again at the end")


class FolderCamera(ClosingCamera):
    """Every picture file below a folder, sorted by path; broken ones are dropped and counted.

    Args:
        fps: pictures per second; 0: as fast as they are read.
        loop: whether to start again at the end.
        source: the address, for messages.
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
            raise CameraError(f"{self._source}: no picture in {folder}")
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
    """The camera at ``folder:PATH``.

    Raises:
        CameraError: no such folder, no picture in it, or a value out of range.
    """
    return FolderCamera(Path(address.target or "."), FPS.of(address), LOOP.of(address), address.text)


SOURCE = CameraSource(
    description="the pictures of a folder",
    example="folder:pictures/",
    options=(FPS, LOOP),
    open=from_address,
)
