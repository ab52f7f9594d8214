"""What the table of cameras knows of one kind of camera."""

from collections.abc import Callable
from dataclasses import dataclass

from whatsit.cameras.camera import Camera
from whatsit.plugins import Address, AddressedRow


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera that can be opened on this machine, and what it calls itself."""

    address: str
    name: str
    device: bool = True
    """False for a camera that the program draws itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSource(AddressedRow):
    """One kind of camera. Its keys in the table are the schemes of its addresses."""

    open: Callable[[Address], Camera]
    """Makes the camera of an address; its options have been checked by name. Raises ``CameraError`` where the address
    names nothing that is there. It must not wait for a device: ``Camera.read`` does."""
    found: Callable[[], list[FoundCamera]] | None = None
    """Lists the cameras of this kind on this machine; None where they cannot be listed."""
    page_may_choose: bool = False
    """Whether the studio's page may choose it. False for files: somebody who may look through the camera may not
    look through the machine's disk."""
    fed_by_page: bool = False
    """True where the frames are those that a page sends: only the studio can use it."""
