"""``synthetic:``: the demonstration scene as a camera. Needs no hardware and no network."""

import time
from collections.abc import Iterable

from whatsit.cameras.camera import ClosingCamera, Frame
from whatsit.cameras.demo_scene.scene import EMPTY, OBJECTS, Scene
from whatsit.cameras.pace import Pace
from whatsit.cameras.source import CameraSource, FoundCamera
from whatsit.errors import CameraError
from whatsit.plugins import Address, NumberOption, SizeOption, TextOption

_NAMES = (*OBJECTS, EMPTY)
OBJECT = TextOption("object", f"what is shown, in turn: {', '.join(_NAMES)}; several with commas")
SEED = NumberOption("seed", "another number draws another scene", 0.0, 0, 2**31)
FPS = NumberOption("fps", "frames per second; 0: as fast as they are read", 15.0, 0, 120)
SIZE = SizeOption("size", "width and height of the pictures", (640, 480))
DWELL = NumberOption("dwell", "frames each object stays", 90.0, 16, 100_000)


class SyntheticCamera(ClosingCamera):
    """Draws ``Scene`` frame after frame; ``Frame.truth`` says what is on each.

    Args:
        scene: what is drawn.
        fps: frames per second; 0: as fast as they are read.
        source: the address, for messages.
    """

    def __init__(self, scene: Scene | None = None, fps: float = FPS.default, source: str = "synthetic:") -> None:
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
        return _NAMES

    @property
    def scene(self) -> Scene:
        """The scene that is drawn now."""
        return self._shown or self._scene

    def show(self, name: str | None) -> None:
        """Show one object, or ``"empty"``, from the next frame on; None shows all in turn again.

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
    """The camera at ``synthetic:``.

    Raises:
        CameraError: an unknown object, or a value out of range.
    """
    if address.target:
        raise address.refusal(f"write the object as an option: synthetic:?object={address.target}")
    names = OBJECT.of(address)
    objects = _checked(names.split(","), address.text) if names else Scene().objects
    width, height = SIZE.of(address)
    scene = Scene(int(SEED.of(address)), width, height, objects, int(DWELL.of(address)))
    return SyntheticCamera(scene, FPS.of(address), address.text)


def _checked(names: Iterable[str], source: str) -> tuple[str, ...]:
    for name in names:
        if name not in _NAMES:
            raise CameraError(f"{source}: no object named {name!r}; there are {', '.join(_NAMES)}")
    return tuple(names)


def _always_there() -> list[FoundCamera]:
    return [FoundCamera("synthetic:", "the demonstration scene", device=False)]


SOURCE = CameraSource(
    description="the demonstration scene: six things and an empty place, drawn in code",
    example="synthetic:",
    options=(OBJECT, SEED, FPS, SIZE, DWELL),
    open=from_address,
    found=_always_there,
    page_may_choose=True,
)
