"""A device's own folders on a computer: ``/root`` and ``/maixapp`` of a program lie in a folder beside it."""

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whatsit.maix.device import DEVICE

_DEVICE_FOLDERS = ("root", "maixapp")
_ONE_PATH = ("stat", "lstat", "open", "remove", "unlink", "mkdir", "rmdir", "listdir", "scandir", "access", "utime")
_TWO_PATHS = ("rename", "replace", "link", "symlink")


def here(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Where a path of the device lies on this computer; another path, and any where nothing is mapped, is its own."""
    if DEVICE.files is None or not isinstance(path, str | os.PathLike):
        return path
    parts = Path(os.path.normpath(os.fsdecode(path))).parts
    if len(parts) < 2 or parts[0] != "/" or parts[1] not in _DEVICE_FOLDERS:
        return path
    return DEVICE.files.joinpath(*parts[1:])


@contextmanager
def device_files(folder: Path) -> Iterator[None]:
    """While it lasts, this process finds the device's folders in ``folder``, whatever function of ``os`` it asks."""
    before: list[tuple[Any, str, Callable[..., Any]]] = []

    def replace(module: Any, name: str, paths: int) -> None:
        original = getattr(module, name)
        before.append((module, name, original))

        def mapped(*arguments: Any, **settings: Any) -> Any:
            return original(*map(here, arguments[:paths]), *arguments[paths:], **settings)

        setattr(module, name, mapped)

    (folder / "root").mkdir(parents=True, exist_ok=True)
    DEVICE.files = folder.absolute()
    for name in _ONE_PATH:
        replace(os, name, 1)
    for name in _TWO_PATHS:
        replace(os, name, 2)
    replace(io, "open", 1)
    replace(builtins, "open", 1)
    try:
        yield
    finally:
        for module, name, original in reversed(before):
            setattr(module, name, original)
        DEVICE.files = None
