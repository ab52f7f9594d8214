"""What ``whatsit maix run`` does: a program of a MaixCAM, its camera and its display on this computer."""

import runpy
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType

from whatsit import maix
from whatsit.errors import DataError
from whatsit.maix.device import DEVICE
from whatsit.maix.files import device_files
from whatsit.maix.page import start_page


def run(
    program: Path, *, camera: str | None = None, size: tuple[int, int] | None = None, files: Path | None = None,
    host: str = "127.0.0.1", port: int | None = None, token: str | None = None, open_page: bool | None = None,
) -> None:  # fmt: skip
    """Run a program to its end, with ``maix`` importable and the display at an address that is printed.

    Args:
        program: its file, such as ``main.py``.
        camera: an address; None: this machine's first camera, else the demonstration scene.
        size: of the display, width and height in pixels; None: a MaixCAM's.
        files: the folder in which the device's ``/root`` lies; None: ``device`` beside the program.
        host: where the display's page listens.
        port: None: the usual one, or the next free one.
        token: what the page needs; None: a random one where ``host`` is not loopback.
        open_page: open the page in the browser; None: where there is a desktop.

    Raises:
        DataError: there is no such program, or the port is taken.
        BaseException: whatever ends the program.
    """
    if not program.is_file():
        raise DataError(f"{program}: no such program; expected a file such as main.py")
    if size is not None:
        DEVICE.width, DEVICE.height = size
    DEVICE.camera = camera
    DEVICE.open_page = partial(start_page, host=host, port=port, token=token, in_browser=open_page)
    folder = files or program.absolute().parent / "device"
    with _maix_importable(), _interruptible(), device_files(folder):
        sys.argv = [str(program)]
        sys.path.insert(0, str(program.absolute().parent))
        runpy.run_path(str(program), run_name="__main__")


@contextmanager
def _maix_importable() -> Iterator[None]:
    names = {"maix": maix} | {
        f"maix.{name}": getattr(maix, name) for name in maix.__all__ if isinstance(getattr(maix, name), ModuleType)
    }
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C asks the program to end, as a device's button does; a second one ends it."""

    def asked(number: int, _: FrameType | None) -> None:
        if DEVICE.leaving.is_set():
            raise KeyboardInterrupt
        DEVICE.leaving.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
