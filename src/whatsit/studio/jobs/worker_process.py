"""The program inside a worker's process: ``python -m whatsit.studio.jobs.worker_process``; see ``worker``."""

import json
import logging
import os
import signal
import sys
import threading

from whatsit.errors import WhatsitError
from whatsit.parallel import start_thread
from whatsit.studio.jobs.channel import Channel
from whatsit.studio.jobs.job_messages import Job
from whatsit.studio.jobs.jobs import run_job
from whatsit.studio.jobs.worker import STOP

_log = logging.getLogger(__name__)


def _main() -> None:
    # Libraries print to standard output; that goes to standard error, and the messages keep the original.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job: Job = json.loads(sys.stdin.readline())
    channel = Channel(output, stopping := threading.Event())
    try:
        try:
            start_thread("stopping", _listen, stopping)
            run_job(job, channel)
            error = None
        except WhatsitError as known:
            error = str(known)
        except MemoryError:
            error = "memory ran out: try a smaller size, a smaller batch or fewer views"
        except Exception as fault:
            _log.exception("%s failed", job["job"])
            error = f"{type(fault).__name__}: {fault}"
        channel.send({"kind": "ended", "error": error})
    finally:
        os._exit(0)  # a normal exit would wait for the thread that listens


def _listen(stopping: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == STOP:
            stopping.set()
    # The studio has ended, in whatever way: nothing may be written after it.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _main()
