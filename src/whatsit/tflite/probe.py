"""Trying a model in a process that may die, before one that must not opens it.

LiteRT trusts its files: some that pass every check of ours read outside their memory, or never end. What a probe found
is remembered by the file's content, so that a file is tried once.
"""

import hashlib
import json
import subprocess
import threading
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

from whatsit.errors import ModelError, WhatsitError
from whatsit.files import cache_folder, write_file
from whatsit.processes import environment, module_command

SECONDS = 20.0
"""For loading a model and running it three times, with one thread."""
MEMORY = 2**30
"""Bytes of data that a model may need."""


class Prober:
    """A process that tries models one after the other, each in a child that may die.

    A context manager: leaving it ends the process. Threads take turns.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        """Start the process.

        Args:
            seconds: the most that one model may take.
            memory: the most bytes of data that one model may need.
        """
        self._turn = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
            module_command("whatsit.tflite.probe_process", str(seconds), str(memory)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Memory is filled when it is taken and given back: what reads it too early or too late fails at once.
            env=environment() | {"MALLOC_PERTURB_": "165"},
            start_new_session=True,
        )

    def reason(self, content: bytes) -> str | None:
        """Why a model cannot be used, as the end of a sentence; None where it runs.

        Raises:
            ModelError: the process itself cannot be used.
        """
        with self._turn:
            source, answers = self._process.stdin, self._process.stdout
            assert source is not None and answers is not None
            try:
                source.write(f"{len(content)}\n".encode() + content)
                source.flush()
                answer = answers.readline()
            except OSError:
                answer = b""
        if not answer:
            raise ModelError("models cannot be tried in a process of their own on this machine; is memory short?")
        error: str | None = json.loads(answer)["error"]
        return error

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "Prober":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_runs(content: bytes, name: str = "model") -> None:
    """Refuse a model that LiteRT cannot load and run, or that ends or wedges the process it runs in.

    Args:
        content: checked by ``read_model``.

    Raises:
        ModelError: saying which.
    """
    remembered = _remembered(content)
    reason = _recall(remembered)
    if reason is None:
        with Prober() as prober:
            reason = prober.reason(content) or ""
        _remember(remembered, reason)
    if reason:
        raise ModelError(f"{name}: was tried and refused, {reason}; export it again")


def _remembered(content: bytes) -> Path:
    digest = hashlib.sha256(content).hexdigest()
    return cache_folder() / "probes" / f"{digest}-{version('ai-edge-litert')}.json"


def _recall(file: Path) -> str | None:
    """What was found before, empty where the model runs; None where it was not tried."""
    try:
        if file.stat().st_size > 2**14:
            return None
        found = json.loads(file.read_bytes())["error"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _remember(file: Path, reason: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, json.dumps({"error": reason}).encode())
    except (OSError, WhatsitError):
        return  # it is tried again next time
