"""A region of interest: the rectangle of a camera's picture that everything uses, ``?roi=x,y,w,h`` in its address."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.camera import Camera, ClosingCamera, Frame, PushedCamera, StagedCamera
from whatsit.errors import CameraArgumentError
from whatsit.validation import short

OPTION = "roi="
SMALLEST = 0.02
"""The smallest width and height, as a share of the picture's."""
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in shares of the picture: left, top, width and height, each 0..1.

    Raises:
        CameraArgumentError: it is smaller than ``SMALLEST`` or not inside the picture.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        inside = self.x >= 0 and self.y >= 0 and self.x + self.width <= 1 + _ROUNDING
        inside = inside and self.y + self.height <= 1 + _ROUNDING
        if not inside or not self.width >= SMALLEST or not self.height >= SMALLEST:
            raise CameraArgumentError(
                f"{OPTION}{self}: expected left, top, width and height in shares of the picture, inside it and at "
                f"least {SMALLEST} wide and high, such as {OPTION}0.25,0.25,0.5,0.5"
            )

    @classmethod
    def parse(cls, text: str) -> "Region":
        """``0.25,0.25,0.5,0.5``: left, top, width, height.

        Raises:
            CameraArgumentError: it is something else.
        """
        try:
            x, y, width, height = map(float, text.split(","))
        except ValueError:
            raise CameraArgumentError(
                f"{OPTION}{short(text)}: expected four numbers, left, top, width and height in shares of the picture, "
                f"such as {OPTION}0.25,0.25,0.5,0.5"
            ) from None
        return cls(x, y, width, height)

    def __str__(self) -> str:
        return ",".join(f"{share:.4g}" for share in (self.x, self.y, self.width, self.height))

    def of(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """That part of a picture of shape (height, width, channels), a view of it; at least one pixel."""
        rows, columns = image.shape[:2]
        left, top = min(int(self.x * columns + _ROUNDING), columns - 1), min(int(self.y * rows + _ROUNDING), rows - 1)
        right = max(left + 1, round((self.x + self.width) * columns))
        bottom = max(top + 1, round((self.y + self.height) * rows))
        return image[top:bottom, left:right]


def split_region(address: str) -> tuple[str, Region | None]:
    """A camera's address without its ``roi``, and that; None where it names none.

    Raises:
        CameraArgumentError: a ``roi`` that is none, or more than one.
    """
    if not isinstance(address, str) or OPTION not in address:
        return address, None
    target, _, query = address.rpartition("?")
    parts = query.split("&")
    ours = [part for part in parts if part.startswith(OPTION)]
    if not target or not ours:
        return address, None
    if len(ours) > 1:
        raise CameraArgumentError(f"{short('&'.join(ours))}: more than one region; expected one {OPTION}")
    others = "&".join(part for part in parts if part not in ours)
    return (f"{target}?{others}" if others else target), Region.parse(ours[0].removeprefix(OPTION))


class RegionCamera(ClosingCamera):
    """A camera of which only a region is seen."""

    def __init__(self, camera: Camera, region: Region) -> None:
        self._camera, self._region = camera, region

    @property
    def source(self) -> str:
        return with_region(self._camera.source, self._region)

    @property
    def dropped(self) -> int:
        return self._camera.dropped

    def read(self) -> Frame:
        frame = self._camera.read()
        # Watchers get whole arrays: a view would keep the rest in memory, and is not contiguous.
        image = np.ascontiguousarray(self._region.of(frame.image))
        return replace(frame, image=image, source=with_region(frame.source, self._region))

    def close(self) -> None:
        self._camera.close()


class PushedRegion(RegionCamera):
    """The same of a camera whose frames are handed to it."""

    def __init__(self, camera: Camera, pushed: PushedCamera, region: Region) -> None:
        super().__init__(camera, region)
        self.push = pushed.push


class StagedRegion(RegionCamera):
    """The same of a camera that can be told what to show."""

    def __init__(self, camera: Camera, staged: StagedCamera, region: Region) -> None:
        super().__init__(camera, region)
        self._staged = staged

    @property
    def objects(self) -> tuple[str, ...]:
        return self._staged.objects

    def show(self, name: str | None) -> None:
        self._staged.show(name)


def seen_by(camera: Camera, region: Region | None) -> Camera:
    """The camera, or the region of it."""
    if region is None:
        return camera
    if isinstance(camera, PushedCamera):
        return PushedRegion(camera, camera, region)
    if isinstance(camera, StagedCamera):
        return StagedRegion(camera, camera, region)
    return RegionCamera(camera, region)


def with_region(address: str, region: Region | None) -> str:
    """A camera's address, without a region, that ends in this one."""
    return address if region is None else f"{address}{'&' if '?' in address else '?'}{OPTION}{region}"
