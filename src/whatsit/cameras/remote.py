"""A camera read in a separate process, which is killed when it hangs and started again until it works."""

import contextlib
import json
import logging
import os
import select
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from whatsit.cameras.camera import ClosingCamera, Frame
from whatsit.cameras.capture import ERRORS
from whatsit.errors import CameraError, CameraLostError
from whatsit.processes import environment, module_command

_log = logging.getLogger(__name__)
_MAX_LINE = 65536


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a camera, in seconds."""

    opening: float = 15.0
    """For the first frame, from the start of its process: a small board takes seconds to load OpenCV."""
    frame: float = 4.0
    """For each further frame; after that the camera is lost."""
    first_pause: float = 0.5
    """Before opening a lost camera again; doubled after every failure."""
    longest_pause: float = 8.0
    """The limit of that doubling."""


class RemoteCamera(ClosingCamera):
    """A ``Capture`` in a separate process.

    Args:
        source: the address, without its password.
        opening: the function that opens the capture in the other process, as ``module:name``.
        options: its keyword arguments, JSON values.
        newest: True for a live camera, whose unread frames are dropped; False for a recording, of which every frame
            is read.
        patience: how long to wait for it.
    """

    def __init__(
        self,
        source: str,
        opening: str,
        options: dict[str, Any],
        *,
        newest: bool = True,
        patience: Patience | None = None,
    ) -> None:
        self._source = source
        self._request = {"open": opening, "options": options, "newest": newest}
        self.patience = patience or Patience()
        self._reading = threading.Lock()
        self._process: _CaptureProcess | None = None
        self._final: CameraError | None = None
        self._failures = 0
        self._worked = False
        self._dropped_before = 0
        self._dropped = 0
        self._closing = threading.Event()
        self._wake_out, self._wake_in = os.pipe()

    @property
    def source(self) -> str:
        return self._source

    @property
    def dropped(self) -> int:
        return self._dropped_before + self._dropped

    @property
    def failures(self) -> int:
        """Attempts in a row that gave no frame; 0 while it works."""
        return self._failures

    def read(self) -> Frame:
        with self._reading:
            if self._final is not None:
                raise self._final
            patience = self.patience.frame
            if self._process is None:
                self._pause()
                patience = max(self.patience.opening, patience)
            try:
                if self._process is None:
                    self._process = _CaptureProcess(self._request, self._wake_out)
                frame = self._next(self._process, time.monotonic() + patience)
            except BaseException:
                self._end_process()
                raise
            self._failures, self._worked = 0, True
            return frame

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        os.write(self._wake_in, b"x")
        with self._reading:
            self._end_process()
            self._final = self._closed_error()
            os.close(self._wake_in)
            os.close(self._wake_out)

    def _pause(self) -> None:
        if self._failures:
            pause = self.patience.first_pause * 2 ** min(self._failures - 1, 16)
            self._closing.wait(min(pause, self.patience.longest_pause))
        if self._closing.is_set():
            raise self._closed_error()

    def _next(self, process: "_CaptureProcess", deadline: float) -> Frame:
        dropped = self._dropped
        try:
            process.ask()
            message: dict[str, Any] = {}
            while message.keys() <= {"dropped"}:  # a count of broken frames is not the answer yet
                message = process.answer(deadline)
                self._dropped = message["dropped"]
            if "shape" in message:
                image = np.frombuffer(process.pixels(message["shape"], deadline), np.uint8)
                image = image.reshape(message["shape"])
                image.flags.writeable = False
                return Frame(image, message["time"], self._source)
        except TimeoutError:
            broken = self._dropped - dropped
            reason = f"only broken pictures came ({broken} of them)" if broken else "no picture came in time"
        except (EOFError, OSError, ValueError, KeyError) as error:
            reason = f"its process ended ({error})" if str(error) else "its process ended"
        else:
            kind = ERRORS.get(message["error"], CameraError)
            reason = str(message["text"])
            if kind is not CameraLostError:
                self._final = kind(f"{self._source}: {reason}")
                raise self._final
        if self._closing.is_set():
            raise self._closed_error()
        self._failures += 1
        raise CameraLostError(f"{self._source}: {'lost: ' if self._worked else ''}{reason}")

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None
            self._dropped_before += self._dropped
            self._dropped = 0

    def _closed_error(self) -> CameraError:
        return CameraError(f"{self._source}: the camera is closed; open it again to read on")

    def __del__(self) -> None:
        # A camera that nobody closed must not leave a process behind.
        if hasattr(self, "_wake_out"):
            self.close()


class _CaptureProcess:
    """The other process and its pipes."""

    def __init__(self, request: dict[str, Any], wake: int) -> None:
        self._wake = wake
        self._answers, theirs = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
                module_command("whatsit.cameras.capture_process", str(theirs)),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=None if _log.isEnabledFor(logging.DEBUG) else subprocess.DEVNULL,
                pass_fds=(theirs,),
                env=environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for us to handle
            )
        finally:
            os.close(theirs)
        # Passwords go through the pipe: everybody can read a command line.
        self._request = json.dumps(request).encode() + b"\n"

    def ask(self) -> None:
        """Ask for a frame.

        Raises:
            OSError: the process ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(self._request + b"n")
        self._process.stdin.flush()
        self._request = b""

    def answer(self, deadline: float) -> dict[str, Any]:
        """Wait for a line of the answer.

        Raises:
            TimeoutError: nothing came by ``deadline`` (``time.monotonic()``).
            EOFError: the process ended.
        """
        line = bytearray()
        while not line.endswith(b"\n"):
            if len(line) > _MAX_LINE:
                raise ValueError("an answer without end")
            self._wait(deadline)
            byte = os.read(self._answers, 1)
            if not byte:
                raise EOFError
            line += byte
        message = json.loads(line)
        assert isinstance(message, dict)
        return message

    def pixels(self, shape: list[int], deadline: float) -> bytearray:
        """The bytes behind a line with ``shape``; errors as for ``answer``."""
        pixels = bytearray(shape[0] * shape[1] * shape[2])
        view = memoryview(pixels)
        while view:
            self._wait(deadline)
            count = os.readv(self._answers, [view])
            if not count:
                raise EOFError
            view = view[count:]
        return pixels

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        os.close(self._answers)

    def _wait(self, deadline: float) -> None:
        poll = select.poll()
        poll.register(self._answers, select.POLLIN | select.POLLHUP)
        poll.register(self._wake, select.POLLIN)
        ready = [fd for fd, _ in poll.poll(max(0.0, (deadline - time.monotonic()) * 1000))]
        if self._wake in ready:
            raise EOFError
        if not ready:
            raise TimeoutError
