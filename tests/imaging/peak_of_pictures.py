"""Makes or reads hostile pictures in a process of its own: ``make FOLDER``, ``read FOLDER`` or ``together FILE``."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hostile_pictures import PICTURES, make

from whatsit.errors import ImageError
from whatsit.imaging.image import load_image
from whatsit.imaging.preprocess import Preprocess


def peak() -> int:
    """The most memory this process has had, in bytes. Not getrusage: that begins with what the parent had."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


def read(folder: Path) -> None:
    """Decode each picture; print its name and the peak since the last one."""
    for file in sorted(folder.iterdir()):
        Path("/proc/self/clear_refs").write_text("5")
        try:
            load_image(file)
            became = "read"
        except ImageError as error:
            became = str(error)
        print(f"{peak()}\t{list(PICTURES)[int(file.name)]}\t{became}")


if __name__ == "__main__":
    what, place = sys.argv[1], Path(sys.argv[2])
    if what == "make":
        for number, name in enumerate(PICTURES):
            place.joinpath(f"{number:02}").write_bytes(make(name))
    elif what == "read":
        read(place)
    else:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: Preprocess(96, 96).pixels(place), range(8)))
        print(peak())
