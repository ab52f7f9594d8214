"""``whatsit studio`` as a process, started and ended as a user does."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_STUDIO = """
import sys
from pathlib import Path
from whatsit.studio.web.launch import launch
launch(Path(sys.argv[1]), camera="synthetic:", port=int(sys.argv[2]), open_page=False)
"""


class StudioProcess:
    """``whatsit studio`` on the built-in backbone, as a process; ``environment`` replaces this process's."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = environment
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start, on the port it had before if it ran before."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _STUDIO, str(self.folder), str(self.port)],
            env=self.environment,
            stderr=subprocess.PIPE,
        )
        self.url = self._announced()
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def end(self) -> None:
        """SIGTERM, and wait."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _announced(self) -> str:
        assert self.process.stderr is not None
        said = b""
        while b"Ctrl-C" not in said:
            ready, _, _ = select.select([self.process.stderr], [], [], 60)
            received = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            assert received, f"the studio did not start: {said.decode()}"
            said += received
        return next(word for word in said.decode().split() if word.startswith("http"))
