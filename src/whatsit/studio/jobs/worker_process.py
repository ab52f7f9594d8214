"""The program inside a worker's process: ``python -m whatsit.studio.jobs.worker_process``; see ``worker``."""

import json
import logging
import os
import signal
import sys
import threading

from whatsit.errors import WhatsitError
from whatsit.studio.jobs.channel import Channel
from whatsit.studio.jobs.jobs import JOBS
from whatsit.studio.jobs.worker import STOP

_log = logging.getLogger(__name__)


def _main() -> None:
    # Libraries print as they like; the messages' way is kept for the messages.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.readline())
    channel = Channel(output, stopping := threading.Event())
    threading.Thread(target=_listen, args=(stopping,), daemon=True).start()
    try:
        try:
            JOBS[asked["job"]](asked, channel)
            error = None
        except WhatsitError as known:
            error = str(known)
        except MemoryError:
            error = "memory ran out: try a smaller size, a smaller batch or fewer views"
        except Exception as fault:
            _log.exception("%s ended", asked["job"])
            error = f"{type(fault).__name__}: {fault}"
        channel.tell({"ended": error})
    finally:
        os._exit(0)  # an orderly end would wait for the thread that listens


def _listen(stopping: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == STOP:
            stopping.set()
    # The studio is gone, however that happened: nothing is to be written behind its back.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _main()
