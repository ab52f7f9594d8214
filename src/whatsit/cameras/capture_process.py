"""The program inside a camera's process: ``python -m whatsit.cameras.capture_process FD``.

The first line on standard input is a JSON object: ``open``, a function as ``module:name``; ``options``, its
keyword arguments; ``newest``, true for a live camera. Every further byte asks for one frame. Answers go to the
file descriptor ``FD``, each a JSON object on one line with ``dropped``, the number of broken frames so far, and

- ``shape`` and ``time``: a frame, its pixels follow the line;
- ``error`` and ``text``: the device has failed; the name of the error's class, see ``capture.ERRORS``, and its message;
- nothing else: frames are broken, and the question is still open.

When standard input ends, the process ends, hung or not.
"""

import json
import os
import sys
import threading
import time
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.cameras.capture import ERRORS, BrokenFrameError, Capture, check_frame
from whatsit.errors import CameraError, CameraLostError, WhatsitError
from whatsit.parallel import start_thread


class _Courier:
    """Carries frames from the device to the other process when asked: the newest one, or each in turn."""

    def __init__(self, answers: int, newest: bool) -> None:
        self._answers = answers
        self._newest = newest
        self._changed = threading.Condition()
        self._asked = False
        self._slot: tuple[NDArray[np.uint8], float] | None = None
        self._dropped = 0

    def ask(self) -> None:
        with self._changed:
            self._asked = True
            self._deliver()

    def run(self, capture: Capture) -> None:
        """Read the device until it fails."""
        shape: tuple[int, ...] | None = None
        while True:
            if not self._newest:
                with self._changed:
                    self._changed.wait_for(lambda: self._asked)
            try:
                image = check_frame(capture.grab(), shape)
            except BrokenFrameError:
                self._drop()
                continue
            shape = image.shape
            with self._changed:
                self._slot = (image, time.time())
                self._deliver()

    def _drop(self) -> None:
        with self._changed:
            self._dropped += 1
            if self._asked:  # the waiting process can say why it waits
                self.report()

    def report(self, **message: Any) -> None:
        with self._changed:
            self._write(json.dumps(message | {"dropped": self._dropped}).encode() + b"\n")

    def _deliver(self) -> None:
        self._changed.notify_all()
        if self._asked and self._slot is not None:
            image, taken = self._slot
            self._slot, self._asked = None, False
            self.report(shape=image.shape, time=taken)
            self._write(np.ascontiguousarray(image).data.cast("B"))

    def _write(self, content: bytes | memoryview) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._answers, view) :]


def _read_device(request: dict[str, Any], courier: _Courier) -> None:
    capture: Capture | None = None
    try:
        module, _, name = request["open"].partition(":")
        capture = getattr(import_module(module), name)(**request["options"])
        assert capture is not None
        courier.run(capture)
    except WhatsitError as error:
        # Errors of other kinds, such as something that is not installed, would come again at each attempt.
        kind = next((name for name, known in ERRORS.items() if isinstance(error, known)), CameraError.__name__)
        courier.report(error=kind, text=str(error))
    except ImportError as error:  # the same in every new process
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        courier.report(error=CameraError.__name__, text=f"a package it needs cannot be imported ({reason})")
    except Exception as error:  # a driver's: a new process can be luckier
        courier.report(error=CameraLostError.__name__, text=" ".join(f"{type(error).__name__}: {error}".split()))
    finally:
        if capture is not None:
            capture.release()


def main() -> None:
    """Serve one device until standard input ends."""
    questions = os.fdopen(0, "rb", buffering=0, closefd=False)
    request = json.loads(questions.readline())
    courier = _Courier(int(sys.argv[1]), request["newest"])
    try:
        start_thread("device", _read_device, request, courier, error=CameraLostError)
    except CameraLostError as error:
        courier.report(error=CameraLostError.__name__, text=str(error))
    while questions.read(1):
        try:
            courier.ask()
        except BrokenPipeError:
            break
    # A driver's call can be hung, so there is no orderly way out.
    os._exit(0)


if __name__ == "__main__":
    main()
