"""A run that dies: ``python mortal_bulk.py LIST OUT MODEL WHOM AT``.

At its AT-th news the run, or one of its processes, is killed; AT 0: nothing is. WHOM is ``run`` or ``worker``.
"""

import os
import random
import resource
import signal
import sys
from pathlib import Path

import psutil

from whatsit import bulk


def main() -> None:
    """Go on with the run, and die where told."""
    listed, out, model, whom, at = sys.argv[1:]
    news = 0

    def hear(_: bulk.Progress) -> None:
        nonlocal news
        news += 1
        if news != int(at):
            return
        if whom == "run":
            os.kill(os.getpid(), signal.SIGKILL)
        for worker in random.Random(at).sample(found := psutil.Process().children(), min(1, len(found))):
            worker.kill()

    bulk.run(listed, out, model, workers=2, resume=True, on_progress=hear)
    # Not RUSAGE_SELF, which begins with the memory of the process that started this one.
    own = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    processes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"peak memory {own} MiB, of each process at most {processes} MiB")


if __name__ == "__main__":
    main()
