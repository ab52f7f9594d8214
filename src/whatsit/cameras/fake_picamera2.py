"""A Raspberry Pi's camera without the Pi: the part of picamera2 and libcamera that we use, with their signatures.

Written from picamera2's source, version 0.3: what is refused there is refused here too. Frames are red, darker until
the exposure has settled, with a green block in the upper left corner that makes flips visible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import Capture
from whatsit.cameras.sources.picamera import open_picamera

SETTLED_AFTER = 8
"""Frames until the picture has its full brightness."""
_ORDER = {"BGR888": (0, 1, 2), "RGB888": (2, 1, 0), "XBGR8888": (0, 1, 2, 3), "XRGB8888": (2, 1, 0, 3)}


@dataclass(frozen=True)
class Transform:
    """``libcamera.Transform``: 1 turns a flip on."""

    hflip: int = 0
    vflip: int = 0


class Picamera2:
    """``picamera2.Picamera2`` with one camera, number 0."""

    def __init__(self, camera_num: int = 0, verbose_console: int | None = None, tuning: object = None) -> None:
        del verbose_console, tuning
        if camera_num != 0:
            raise IndexError("list index out of range")
        self._configuration: dict[str, Any] | None = None
        self._frames = 0
        self.started = False

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        """One dictionary per camera."""
        return [{"Model": "imx708", "Location": 2, "Rotation": 180, "Id": "/base/fake/imx708@1a", "Num": 0}]

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
        del lores, raw, colour_space, display, encode
        stream = {"format": "XBGR8888", "size": (640, 480), **main}
        width, height = stream["size"]
        stream["size"] = (width - width % 2, height - height % 2)
        return {
            "use_case": "preview",
            "transform": transform,
            "buffer_count": buffer_count,
            "queue": queue,
            "main": stream,
            "controls": dict(controls),
        }

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


class Modules:
    """In place of both modules."""

    Picamera2 = Picamera2
    Transform = Transform


def open_fake_picamera(**options: Any) -> Capture:
    """``open_picamera`` with this fake."""
    return open_picamera(**options, picamera2=Modules, libcamera=Modules)
