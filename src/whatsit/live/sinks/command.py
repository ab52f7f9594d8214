"""``command:PROGRAM ARGUMENTS``: a program run for each change, without a shell."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from threading import Lock

from whatsit.errors import DataError
from whatsit.live.answer import Answer
from whatsit.live.sink import SinkKind
from whatsit.live.sinks.changes import EVERY, Changes
from whatsit.plugins import Address, NumberOption
from whatsit.text import json_line, one_line, printable

_LONGEST_COMPLAINT = 4096


class Command:
    """A sink that runs a program with the answer as JSON on its standard input, and waits for it.

    The program also has ``WHATSIT_STATE``, ``WHATSIT_LABEL``, ``WHATSIT_SCORE`` and ``WHATSIT_TIME`` in its
    environment. While it runs, newer changes replace each other: it is run again for the newest.

    Args:
        arguments: the program and its arguments; no shell reads them.
        timeout: seconds after which it is killed, with everything it started.
        every: run it for every answer.

    Raises:
        DataError: there is no such program.
    """

    def __init__(self, arguments: Sequence[str], *, timeout: float = 10.0, every: bool = False) -> None:
        self.name = f"command:{arguments[0]}"
        self._arguments = list(arguments)
        self._timeout = timeout
        self._changes = Changes(every)
        self._guard = Lock()
        self._running: subprocess.Popen[bytes] | None = None
        if shutil.which(arguments[0]) is None:
            raise DataError(f"{self.name}: no such program; give its path, or one that is in PATH")

    def send(self, answer: Answer) -> bool:
        """Run the program where the answer is news.

        Raises:
            DataError: it cannot be started, ended with another status than 0, or took too long. It is not run again
                for this answer.
        """
        if not self._changes.is_news(answer):
            return False
        self._changes.written(answer)
        self._run(answer)
        return True

    def close(self) -> None:
        """Nothing: ``send`` waits for the program."""

    def leave(self) -> None:
        """Kill the program where it still runs, as the engine ends without waiting for it any longer."""
        with self._guard:
            if self._running is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._running.pid, signal.SIGKILL)

    def _run(self, answer: Answer) -> None:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaint:
            # Files, not pipes: a program that does not read its input, or writes without end, blocks nobody.
            given.write(json_line(answer.to_dict()).encode() + b"\n")
            given.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603 - what a person chose, without a shell
                    self._arguments,
                    stdin=given,
                    stdout=subprocess.DEVNULL,
                    stderr=complaint,
                    env=os.environ | _environment(answer),
                    start_new_session=True,
                )
            except OSError as error:
                raise DataError(f"cannot be started: {error.strerror}") from error
            with self._guard:
                self._running = process
            try:
                status = process.wait(self._timeout)
            except subprocess.TimeoutExpired as error:
                self.leave()
                process.wait()
                raise DataError(f"killed after {self._timeout:g} seconds") from error
            finally:
                with self._guard:
                    self._running = None
            if status:
                complaint.seek(0)
                last = complaint.read(_LONGEST_COMPLAINT).decode(errors="replace").strip().splitlines()[-1:]
                said = f": {one_line(last[0], 200)}" if last else ""
                raise DataError(f"exit status {status}{said}")


def _environment(answer: Answer) -> dict[str, str]:
    return {
        "WHATSIT_STATE": answer.state.value,
        "WHATSIT_LABEL": printable(answer.label or ""),
        "WHATSIT_SCORE": f"{answer.score:.4f}",
        "WHATSIT_TIME": f"{answer.time:.3f}",
    }


_TIMEOUT = NumberOption("timeout", "seconds after which the program is killed", 10, 0.1, 3600)


def from_address(address: Address) -> Command:
    """The sink at ``command:PROGRAM ARGUMENTS``.

    Raises:
        DataError: no program is named, there is none of that name, or a quote is not closed.
    """
    try:
        arguments = shlex.split(address.target)
    except ValueError as error:
        raise address.refusal(f"{error}; expected a program and its arguments") from error
    if not arguments:
        raise address.refusal("no program is named; expected an address such as command:./lamp.sh")
    return Command(arguments, timeout=_TIMEOUT.of(address), every=EVERY.of(address))


SINK = SinkKind(
    description="a program run for each change, the answer as JSON on its standard input",
    example="command:cat",
    options=(_TIMEOUT, EVERY),
    open=from_address,
)
