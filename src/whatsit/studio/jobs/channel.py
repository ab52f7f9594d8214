"""What a job uses to talk to the studio: messages out, and whether it was asked to stop."""

import json
import threading
from typing import IO

from whatsit.studio.jobs.worker import Message


class Channel:
    """The job's side: ``tell`` sends a message, ``stop`` answers whether to end early."""

    def __init__(self, output: IO[str], stopping: threading.Event) -> None:
        self._output = output
        self._stopping = stopping

    def tell(self, message: Message) -> None:
        """Send one message; returns when it is on its way."""
        self._output.write(json.dumps(message, ensure_ascii=False, allow_nan=False) + "\n")
        self._output.flush()

    def stop(self) -> bool:
        """Whether the job was asked to end."""
        return self._stopping.is_set()
