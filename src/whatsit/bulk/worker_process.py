"""One process of the local engine: ``python -P -m whatsit.bulk.worker_process``.

The first line of standard input is the job, each further one a part to make; the end of the input, as when the run was
killed, ends the process at once. Each line of standard output is one message.
"""

import json
import os
import queue
import sys
import threading
import time
from typing import Any, TextIO

from whatsit.bulk.job import Job
from whatsit.bulk.part import make_part
from whatsit.bulk.progress import Tally
from whatsit.bulk.rows import Examiner
from whatsit.errors import WhatsitError

_EVERY = 0.25
"""Seconds between two messages about one part."""


def main() -> None:
    """Work until the input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no message
    try:
        job = Job.from_dict(json.loads(sys.stdin.readline()))
        orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(orders,), daemon=True).start()
        examiner = Examiner.of(job)
        _send(channel, {"ready": True})
        while True:
            _make(examiner, job, orders.get(), channel)
    except WhatsitError as error:
        _send(channel, {"failed": str(error)})
    except MemoryError:
        _send(channel, {"failed": "memory ran out; take fewer workers"})
    finally:
        os._exit(1)  # a normal exit would wait for the thread that listens


def _make(examiner: Examiner, job: Job, order: dict[str, Any], channel: TextIO) -> None:
    part, waiting, told = order["part"], Tally(), time.monotonic()

    def count(one: Tally) -> None:
        nonlocal waiting, told
        waiting += one
        if time.monotonic() - told >= _EVERY:
            _tell(channel, waiting)
            waiting, told = Tally(), time.monotonic()

    def before(at: int) -> None:
        if order["careful"]:
            _send(channel, {"at": at})

    left_out = {int(at): why for at, why in order["left_out"].items()}
    make_part(examiner, job, part, left_out=left_out, before=before, after=count)
    _tell(channel, waiting, is_whole=True)


def _tell(channel: TextIO, tally: Tally, *, is_whole: bool = False) -> None:
    _send(channel, {"tally": [tally.pictures, tally.unknown, tally.errors], "whole": is_whole})


def _send(channel: TextIO, message: dict[str, Any]) -> None:
    try:
        channel.write(json.dumps(message) + "\n")
        channel.flush()
    except BrokenPipeError:
        os._exit(1)


def _listen(orders: "queue.SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        orders.put(json.loads(line))
    os._exit(1)  # the run has ended, in whatever way: nothing may be written after it


if __name__ == "__main__":
    main()
