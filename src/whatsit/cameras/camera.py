"""What every camera is: something that gives frames until it is closed."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and when it was taken."""

    image: NDArray[np.uint8]
    """RGB, shape (height, width, 3). Shared between everyone who watches: not to be written to."""
    time: float
    """Seconds since 1970 (``time.time()``) at which the picture was taken, or arrived from the network."""
    source: str
    """The camera's address, without a password."""
    truth: str | None = None
    """What is on the picture, where the camera knows: the demonstration scene does, others never."""


class Camera(Protocol):
    """A source of frames with one owner. ``SharedCamera`` hands its frames to many."""

    @property
    def source(self) -> str:
        """The address, without a password; for people and logs."""

    @property
    def dropped(self) -> int:
        """Frames thrown away so far because they were broken or of the wrong size."""

    def read(self) -> Frame:
        """Wait for the next frame.

        Raises:
            CameraLostError: no frame came in time; reading again looks for the camera again.
            CameraEndedError: the recording has no further frame.
            CameraError: the camera is closed.
        """

    def close(self) -> None:
        """Release the device; a read under way in another thread ends. Closing twice is allowed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class ClosingCamera:
    """The context manager every camera shares: leaving it closes the camera."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
