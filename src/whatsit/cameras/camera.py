"""A camera: something that gives frames until it is closed."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and when it was taken."""

    image: NDArray[np.uint8]
    """RGB, shape (height, width, 3), 0 to 255. Every watcher gets the same array: do not write to it."""
    time: float
    """Seconds since 1970 (``time.time()``) at which the picture was taken, or arrived from the network."""
    source: str
    """The camera's address, without a password."""
    truth: str | None = None
    """The label of what is on the picture, where the camera knows it: only the demonstration scene does."""


class Camera(Protocol):
    """A source of frames with one owner. ``SharedCamera`` gives its frames to several watchers."""

    @property
    def source(self) -> str:
        """The address, without its password; for people and logs."""

    @property
    def dropped(self) -> int:
        """Frames dropped so far because they were broken or of the wrong size."""

    def read(self) -> Frame:
        """Wait for the next frame.

        Raises:
            CameraLostError: no frame came in time; reading again tries to open the camera again.
            CameraEndedError: the recording has no further frame.
            CameraError: the camera is closed.
        """

    def close(self) -> None:
        """Release the device; a ``read`` in another thread ends with an error. Closing twice is allowed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class PushedCamera(Protocol):
    """A camera whose frames are handed to it, such as a page's."""

    def push(self, jpeg: bytes) -> None:
        """Take in one encoded picture. Never blocks.

        Raises:
            ImageError: it is empty or too large.
        """


@runtime_checkable
class StagedCamera(Protocol):
    """A camera that can be told what to show, such as the demonstration scene."""

    @property
    def objects(self) -> tuple[str, ...]:
        """Everything that can be shown."""

    def show(self, name: str | None) -> None:
        """Show one object from the next frame on; None shows all in turn.

        Raises:
            CameraError: there is no such object.
        """


class ClosingCamera:
    """Base of the cameras: a context manager that closes the camera at its end."""

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
