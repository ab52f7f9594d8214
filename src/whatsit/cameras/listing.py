"""Which cameras this machine has."""

import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP of linux/videodev2.h
_VIDEO_CAPTURE, _MEMORY_TO_MEMORY, _DEVICE_CAPS = 0x00000001, 0x00008000, 0x80000000


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera that can be opened, and what it calls itself."""

    address: str
    name: str


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


def list_cameras() -> list[FoundCamera]:
    """Pi cameras, USB cameras, and the demonstration scene, which is always there."""
    return [*pi_cameras(), *usb_cameras(), FoundCamera("synthetic:", "the demonstration scene")]


def captures_video(device: Path) -> bool:
    """Whether a V4L2 device gives pictures: not one that only converts them, nor one for metadata."""
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
    return _is_camera(capability.capabilities, capability.device_caps)


def _is_camera(capabilities: int, device_caps: int) -> bool:
    own = device_caps if capabilities & _DEVICE_CAPS else capabilities
    return bool(own & _VIDEO_CAPTURE) and not own & _MEMORY_TO_MEMORY


def usb_cameras(
    devices: Path = Path("/sys/class/video4linux"), captures: Callable[[Path], bool] = captures_video
) -> list[FoundCamera]:
    """V4L2 cameras by number, without the nodes of a Pi's own camera, which give raw data only."""
    found = []
    for folder in devices.glob("video*") if devices.is_dir() else ():
        number = re.fullmatch(r"video(\d+)", folder.name)
        if number is None or not captures(Path("/dev") / folder.name):
            continue
        try:
            name = (folder / "name").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue  # unplugged this moment
        if not name.startswith(("unicam", "rp1-cfe", "bcm2835-isp")):
            found.append((int(number[1]), name))
    return [FoundCamera(f"usb:{number}", name) for number, name in sorted(found)]


def pi_cameras(timeout: float = 10.0) -> list[FoundCamera]:
    """What picamera2 knows of; none where it is not installed or does not answer in ``timeout`` seconds."""
    if find_spec("picamera2") is None:
        return []
    question = (
        "import json, picamera2;print(json.dumps([c['Model'] for c in picamera2.Picamera2.global_camera_info()]))"
    )
    try:
        answer = subprocess.run(  # noqa: S603 (our own interpreter)
            [sys.executable, "-P", "-c", question], capture_output=True, timeout=timeout, check=True
        )
        models = json.loads(answer.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return []
    return [FoundCamera(f"picamera:{number}", str(model)) for number, model in enumerate(models)]
