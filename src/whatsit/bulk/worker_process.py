"""One process of the local engine: ``python -P -m whatsit.bulk.worker_process``.

The first line of standard input is the job, each further one a part to make; the end of the input, as when the run was
killed, ends the process at once. Each line of standard output is one message.
"""

import json
import os
import queue
import sys
from typing import Any, TextIO

from whatsit.bulk.job import Job
from whatsit.bulk.order import Order, failure
from whatsit.bulk.rows import Examiner
from whatsit.errors import WhatsitError
from whatsit.parallel import start_thread


def main() -> None:
    """Work until the input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no message
    try:
        job = Job.from_dict(json.loads(sys.stdin.readline()))
        orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        start_thread("a run's orders", _listen, orders)
        examiner = Examiner.of(job)
        _send(channel, {"ready": True})
        while True:
            Order.from_dict(orders.get()).carry_out(examiner, job, lambda message: _send(channel, message))
    except (WhatsitError, MemoryError) as error:
        _send(channel, failure(error))
    finally:
        os._exit(1)  # a normal exit would wait for the thread that listens


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
