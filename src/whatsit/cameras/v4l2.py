"""Which devices of Video4Linux are cameras (linux/videodev2.h)."""

import ctypes
import os
import re
from collections.abc import Callable
from pathlib import Path

from whatsit.cameras.source import FoundCamera

_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP
_VIDEO_CAPTURE, _MEMORY_TO_MEMORY, _DEVICE_CAPS = 0x00000001, 0x00008000, 0x80000000
_PI_CAMERAS = ("unicam", "rp1-cfe", "bcm2835-isp")
"""Drivers of the Pi's own camera, whose nodes give raw sensor data only."""


class _Capability(ctypes.Structure):
    """``struct v4l2_capability``."""

    _fields_ = (
        ("driver", ctypes.c_char * 16),
        ("card", ctypes.c_char * 32),
        ("bus_info", ctypes.c_char * 32),
        ("version", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint32),
        ("device_caps", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 3),
    )


def usb_cameras(
    devices: Path = Path("/sys/class/video4linux"), captures: "Callable[[Path], bool] | None" = None
) -> list[FoundCamera]:
    """The cameras by number, without the nodes of a Pi's own camera.

    Args:
        devices: the kernel's folder of V4L2 devices.
        captures: whether a device gives pictures; None asks the device.
    """
    captures = captures or captures_video
    found = []
    for folder in devices.glob("video*") if devices.is_dir() else ():
        number = re.fullmatch(r"video(\d+)", folder.name)
        if number is None or not captures(Path("/dev") / folder.name):
            continue
        try:
            name = (folder / "name").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue  # unplugged this moment
        if not name.startswith(_PI_CAMERAS):
            found.append((int(number[1]), name))
    return [FoundCamera(f"usb:{number}", name) for number, name in sorted(found)]


def captures_video(device: Path) -> bool:
    """Whether a device gives pictures: not one that only converts them, nor one for metadata."""
    import fcntl

    try:
        handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        capability = _Capability()
        fcntl.ioctl(handle, _QUERYCAP, capability)
    except OSError:
        return False
    finally:
        os.close(handle)
    return is_camera(capability.capabilities, capability.device_caps)


def is_camera(capabilities: int, device_caps: int) -> bool:
    """Whether ``v4l2_capability`` with these two fields is a camera's."""
    own = device_caps if capabilities & _DEVICE_CAPS else capabilities
    return bool(own & _VIDEO_CAPTURE) and not own & _MEMORY_TO_MEMORY
