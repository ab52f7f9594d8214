"""A Raspberry Pi's camera without the Pi: the part of picamera2 and libcamera that we use, with their signatures.

Written from picamera2's source, version 0.3: what is refused there is refused here too. Frames are red, darker until
the exposure has settled, with a green block in the upper left corner that makes flips visible; it lies outside the
middle that a cropping sensor mode shows. Camera 0 is a Pi's own with autofocus, camera 1 a webcam that libcamera lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import Capture
from whatsit.cameras.sources.picamera import open_picamera

SETTLED_AFTER = 8
"""Frames until the picture has its full brightness."""
WHOLE = (4608, 2592)
MODES = ((1536, 864), (2304, 1296), WHOLE)
"""Sizes of the sensor's modes."""
CROPPING = MODES[:1]
"""Those that show the middle only."""
_ORDER = {"BGR888": (0, 1, 2), "RGB888": (2, 1, 0), "XBGR8888": (0, 1, 2, 3), "XRGB8888": (2, 1, 0, 3)}


@dataclass(frozen=True)
class Transform:
    """``libcamera.Transform``: 1 turns a flip on."""

    hflip: int = 0
    vflip: int = 0


class Picamera2:
    """``picamera2.Picamera2`` with one camera, number 0."""

    busy = False
    """Whether another program has the camera."""

    def __init__(self, camera_num: int = 0, verbose_console: int | None = None, tuning: object = None) -> None:
        del verbose_console, tuning
        self._info = self.global_camera_info()[camera_num]
        if self.busy:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self._configuration: dict[str, Any] | None = None
        self._frames = 0
        self.started = False

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        """One dictionary per camera."""
        return [
            {"Model": "imx708", "Location": 2, "Rotation": 180, "Id": "/base/fake/imx708@1a", "Num": 0},
            {"Model": "HD Webcam", "Location": 2, "Id": "/base/fake/usb@1,2-1:1.0-046d:0825", "Num": 1},
        ]

    @property
    def camera_properties(self) -> dict[str, Any]:
        """What libcamera says of the sensor."""
        return {"Model": self._info["Model"], "PixelArraySize": WHOLE, "PixelArrayActiveAreas": [(16, 24, *WHOLE)]}

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        """The controls that the camera has: lowest, highest and usual value."""
        return {
            "AfMode": (0, 2, 0),
            "FrameDurationLimits": (8_000, 220_416_802, 33_333),
            "AeEnable": (False, True, True),
        }

    def create_preview_configuration(
        self,
        main: Mapping[str, Any] = {},
        lores: Mapping[str, Any] | None = None,
        raw: Mapping[str, Any] | None = {},
        transform: Transform = Transform(),
        colour_space: object = None,
        buffer_count: int = 4,
        controls: Mapping[str, Any] = {},
        display: str | None = "main",
        encode: str | None = "main",
        queue: bool = True,
    ) -> dict[str, Any]:
        """A configuration for ``configure``; sides are made even, as picamera2 does."""
        del lores, colour_space, display, encode
        stream = {"format": "XBGR8888", "size": (640, 480), **main}
        return _configuration("preview", stream, raw, transform, buffer_count, queue, controls)

    def create_still_configuration(
        self,
        main: Mapping[str, Any] = {},
        lores: Mapping[str, Any] | None = None,
        raw: Mapping[str, Any] | None = {},
        transform: Transform = Transform(),
        colour_space: object = None,
        buffer_count: int = 1,
        controls: Mapping[str, Any] = {},
        display: str | None = None,
        encode: str | None = None,
        queue: bool = True,
    ) -> dict[str, Any]:
        """The same for photographs: the sensor's size where none is given."""
        del lores, colour_space, display, encode
        stream = {"format": "BGR888", "size": WHOLE, **main}
        return _configuration("still", stream, raw, transform, buffer_count, queue, controls)

    def configure(self, camera_config: dict[str, Any] | str | None = "preview") -> None:
        """Apply a configuration, before ``start``."""
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        if not isinstance(camera_config, dict):
            camera_config = self.create_preview_configuration()
        if not isinstance(camera_config["transform"], Transform):
            raise RuntimeError("Transform has incorrect type")
        if camera_config["main"]["format"] not in _ORDER:
            raise RuntimeError(f"Bad format {camera_config['main']['format']} in stream main")
        for name in camera_config["controls"]:
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self._configuration = camera_config

    def start(self, config: dict[str, Any] | None = None, show_preview: bool | None = False) -> None:
        """Start giving frames."""
        del show_preview
        if config is not None:
            self.configure(config)
        if self._configuration is None:
            self.configure("preview")
        self.started = True

    def capture_array(
        self, name: str = "main", wait: bool | float | None = None, signal_function: object = None
    ) -> NDArray[np.uint8]:
        """The next frame, in the byte order of its format: "BGR888" has red first, "RGB888" blue first."""
        del wait, signal_function
        if not self.started or self._configuration is None:
            raise RuntimeError("Camera not started")
        if name != "main":
            raise RuntimeError(f"Stream {name!r} is not defined")
        width, height = self._configuration["main"]["size"]
        self._frames += 1
        bright = min(1.0, self._frames / SETTLED_AFTER)
        rgba = np.zeros((height, width, 4), np.uint8)
        rgba[..., 0] = round(220 * bright)
        if self._configuration["raw"]["size"] not in CROPPING:
            rgba[: height // 4, : width // 4] = (0, round(200 * bright), 0, 0)
        rgba[..., 3] = 255
        transform = self._configuration["transform"]
        if transform.hflip:
            rgba = rgba[:, ::-1]
        if transform.vflip:
            rgba = rgba[::-1]
        return np.ascontiguousarray(rgba[..., _ORDER[self._configuration["main"]["format"]]])

    def stop(self) -> None:
        """Stop giving frames."""
        self.started = False

    def close(self) -> None:
        """Release the camera."""
        self.started = False


def _configuration(
    use_case: str,
    stream: dict[str, Any],
    raw: Mapping[str, Any] | None,
    transform: Transform,
    buffer_count: int,
    queue: bool,
    controls: Mapping[str, Any],
) -> dict[str, Any]:
    width, height = stream["size"]
    stream["size"] = (width - width % 2, height - height % 2)
    return {
        "use_case": use_case,
        "transform": transform,
        "buffer_count": buffer_count,
        "queue": queue,
        "main": stream,
        "raw": {"size": _mode(raw["size"] if raw else (0, 0), stream["size"])},
        "controls": dict(controls),
    }


def _mode(asked: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The nearest one to what is asked for, else the smallest that is large enough for the picture."""
    enough = [mode for mode in MODES if mode[0] >= size[0]] or [WHOLE]
    return min(enough, key=lambda mode: abs(mode[0] - asked[0]))


class _Controls:
    class AfModeEnum(IntEnum):
        Manual, Auto, Continuous = range(3)


class Modules:
    """In place of both modules."""

    controls = _Controls

    Picamera2 = Picamera2
    Transform = Transform


def open_fake_picamera(**options: Any) -> Capture:
    """``open_picamera`` with this fake."""
    return open_picamera(**options, picamera2=Modules, libcamera=Modules)
