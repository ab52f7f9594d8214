"""A run by Ray that loses something: ``python ray_bulk.py LIST OUT MODEL ADDRESS NODE``.

After a thousand pictures the process with the number NODE is ended; with ``-`` for both, the run is on this machine
alone and one of its actors is killed.
"""

import os
import signal
import sys

import psutil

from whatsit import bulk


def main() -> None:
    """Run, and lose it."""
    listed, out, model, address, node = sys.argv[1:]
    lost: list[int] = []

    def hear(progress: bulk.Progress) -> None:
        if progress.done > 1000 and not lost:
            if node != "-":
                lost.append(int(node))
                os.kill(int(node), signal.SIGTERM)
                return
            for one in psutil.Process().children(recursive=True):
                if "Maker" in " ".join(one.cmdline()):
                    lost.append(one.pid)
                    one.kill()
                    break

    where = {"workers": 2} if address == "-" else {"address": address}
    bulk.run(listed, out, model, engine="ray", on_progress=hear, **where)
    assert lost


if __name__ == "__main__":
    main()
