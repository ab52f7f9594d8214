"""``synthetic:`` the demonstration scene as a camera. Needs no hardware and no network."""

import time
from collections.abc import Iterable

from whatsit.cameras.address import Address
from whatsit.cameras.camera import ClosingCamera, Frame
from whatsit.cameras.demo_scene.scene import EMPTY, OBJECTS, Scene
from whatsit.cameras.pace import Pace
from whatsit.errors import CameraError


class SyntheticCamera(ClosingCamera):
    """Draws ``Scene`` frame after frame; ``Frame.truth`` says what is on each.

    Options of the address: ``object`` (one or several of mug, plant, ball, book, clock, duck, empty,
    joined by commas), ``seed``, ``fps`` (0: as fast as it is read), ``size``, ``dwell`` (frames a turn).
    """

    def __init__(self, scene: Scene | None = None, fps: float = 15.0, source: str = "synthetic:") -> None:
        self._scene = scene or Scene()
        self._source = source
        self._pace = Pace(fps, source)
        self._number = 0
        self._shown: Scene | None = None

    @property
    def source(self) -> str:
        return self._source

    @property
    def dropped(self) -> int:
        return 0

    @property
    def objects(self) -> tuple[str, ...]:
        """Everything that can be shown."""
        return (*OBJECTS, EMPTY)

    @property
    def scene(self) -> Scene:
        """What is being shown."""
        return self._shown or self._scene

    def show(self, name: str | None) -> None:
        """Show one object, or ``"empty"``, from the next frame on; None goes back to taking turns.

        Raises:
            CameraError: there is no such object.
        """
        if name is None:
            self._shown = None
        else:
            base = self._scene
            objects = _checked((name,), self._source)
            self._shown = Scene(base.seed, base.width, base.height, objects, base.dwell)

    def read(self) -> Frame:
        self._pace.wait()
        scene, number = self.scene, self._number
        self._number += 1
        return Frame(scene.render(number), time.time(), self._source, scene.truth(number))

    def close(self) -> None:
        self._pace.close()


def from_address(address: Address) -> SyntheticCamera:
    """The camera an address describes.

    Raises:
        CameraError: an unknown option or object, or a value out of range.
    """
    address.only(("object", "seed", "fps", "size", "dwell"))
    if address.target:
        raise CameraError(f"{address.text}: write the object as an option, as synthetic:?object={address.target}")
    names = address.options.get("object")
    objects = _checked(names.split(","), address.text) if names else Scene().objects
    width, height = address.size((640, 480))
    seed = int(address.number("seed", 0, 0, 2**31))
    dwell = int(address.number("dwell", 90, 16, 100_000))
    return SyntheticCamera(Scene(seed, width, height, objects, dwell), address.number("fps", 15, 0, 120), address.text)


def _checked(names: Iterable[str], source: str) -> tuple[str, ...]:
    known = (*OBJECTS, EMPTY)
    for name in names:
        if name not in known:
            raise CameraError(f"{source}: no object named {name!r}; there are {', '.join(known)}")
    return tuple(names)
