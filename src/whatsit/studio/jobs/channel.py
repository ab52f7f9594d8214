"""A job's side of the line to the studio: messages out, and whether it was asked to stop."""

import json
import threading
from typing import IO

from whatsit.studio.jobs.job_messages import Message


class Channel:
    """``send`` writes a message, ``stop`` says whether to end early."""

    def __init__(self, output: IO[str], stopping: threading.Event) -> None:
        self._output = output
        self._stopping = stopping

    def send(self, message: Message) -> None:
        """Send one message; returns when it is written."""
        self._output.write(json.dumps(message, ensure_ascii=False, allow_nan=False) + "\n")
        self._output.flush()

    def stop(self) -> bool:
        """Whether the job was asked to stop."""
        return self._stopping.is_set()
