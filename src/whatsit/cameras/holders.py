"""Which programs hold a device, for errors that would otherwise say no more than *busy*."""

import os
from collections.abc import Iterable
from pathlib import Path


def holders(devices: Iterable[Path], processes: Path = Path("/proc")) -> list[str]:
    """The programs that have one of these files open, such as ``libcamera-vid (process 812)``; not this process.

    Those of other users can be seen by root only.
    """
    wanted = {str(device) for device in devices}
    found = []
    for folder in processes.iterdir() if processes.is_dir() else ():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            held = any(str(link.readlink()) in wanted for link in (folder / "fd").iterdir())
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:  # ended this moment, or of another user
            continue
        if held:
            found.append(f"{name} (process {folder.name})")
    return sorted(found)


def in_use(devices: Iterable[Path]) -> str:
    """A part of a sentence: who holds the devices, or what to look at where nobody is seen to."""
    found = holders(devices)
    return f"it is open in {', '.join(found)}" if found else "is it connected, and no other program using it?"
