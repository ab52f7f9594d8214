"""The one device of a process: its camera's address, what its display shows, and where it is touched."""

import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from whatsit.text import one_line

WIDTH, HEIGHT = 552, 368
"""Pixels of a MaixCAM's display."""


@dataclass
class Touches:
    """What a finger did: each press and release is kept until it is read, of moves only the last."""

    changes: deque[tuple[int, int, bool]] = field(default_factory=lambda: deque(maxlen=256))
    latest: tuple[int, int, bool] = (0, 0, False)
    """As it was last read."""

    def put(self, x: int, y: int, pressed: bool) -> None:
        """A finger is at (x, y), in the display's pixels."""
        last = self.changes[-1] if self.changes else None
        if last is not None and last[2] == pressed:
            self.changes[-1] = (x, y, pressed)
        else:
            self.changes.append((x, y, pressed))

    def read(self) -> tuple[int, int, bool]:
        """The next change, or the state as it was where there is none."""
        if self.changes:
            self.latest = self.changes.popleft()
        return self.latest


@dataclass
class Device:
    """What MaixPy's modules share. A program has one, ``DEVICE``; ``whatsit maix run`` sets it up before."""

    camera: str | None = None
    """The camera's address; None: this machine's first one, else the demonstration scene."""
    width: int = WIDTH
    height: int = HEIGHT
    files: Path | None = None
    """The folder in which the device's ``/root`` lies; None: where it says."""
    open_page: Callable[[], object] | None = None
    """Starts the display's page; None: nobody looks."""
    leaving: threading.Event = field(default_factory=threading.Event)
    """Set once the program should end."""
    _shown: bytes | None = None
    _number: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _touches: Touches = field(default_factory=Touches)

    def open_display(self) -> None:
        """The program opens its display: the first time, the page is started."""
        if self.open_page is not None:
            start, self.open_page = self.open_page, lambda: None
            start()

    def show(self, jpeg: bytes) -> None:
        """Put a picture on the display; the newest wins."""
        with self._changed:
            self._shown, self._number = jpeg, self._number + 1
            self._changed.notify_all()

    def shown_after(self, number: int, timeout: float) -> tuple[int, bytes] | None:
        """The newest picture and its number, once that is above ``number``; None where none came in ``timeout`` s."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._number > number, timeout) or self._shown is None:
                return None
            return self._number, self._shown

    def touch(self, x: int, y: int, pressed: bool) -> None:
        """A finger, or a mouse, on the display."""
        with self._changed:
            self._touches.put(min(max(x, 0), self.width - 1), min(max(y, 0), self.height - 1), pressed)
            self._changed.notify_all()

    def touched(self) -> tuple[int, int, bool]:
        """The next change of the touch, or its last state."""
        with self._changed:
            return self._touches.read()

    def wait_for_touch(self, timeout: float) -> bool:
        """Whether a change is there within ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._touches.changes), timeout)


DEVICE = Device()


def say(text: str) -> None:
    """One line for whoever started the program."""
    print(f"whatsit: {one_line(text)}", file=sys.stderr)  # noqa: T201
