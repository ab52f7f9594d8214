"""What a program tells systemd: that it is ready, alive, stopping (sd_notify(3)). Nothing where there is no systemd."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from whatsit.parallel import start_thread
from whatsit.text import one_line


class Notifier:
    """Sends states to the socket that systemd named.

    Args:
        environment: has ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` where systemd started us; ``WHATSIT_ALIVE`` names a
            file that is touched at each sign of life, for the health check of a container.
        look_every: seconds between signs of life that only the file is for.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, look_every: float = 10.0) -> None:
        self._file = environment.get("WHATSIT_ALIVE", "")
        self._address = environment.get("NOTIFY_SOCKET", "")
        usec = environment.get("WATCHDOG_USEC", "")
        meant_for = environment.get("WATCHDOG_PID", "")
        ours = not meant_for or meant_for == str(os.getpid())
        self.watchdog_seconds = int(usec) / 1e6 if usec.isdigit() and int(usec) and ours else None
        """How long systemd waits for a sign of life; None where it does not."""
        self.signs_every = self.watchdog_seconds / 3 if self.watchdog_seconds else look_every if self._file else None
        """Seconds between signs of life; None where nobody waits for one."""

    def alive(self, status: str) -> None:
        """Give a sign of life."""
        self.send("WATCHDOG=1", f"STATUS={status}")
        if self._file:
            with contextlib.suppress(OSError):
                Path(self._file).touch()

    def send(self, *lines: str) -> None:
        """Send states such as ``READY=1``. A socket that is gone costs nothing."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(1.0)
            sender.sendto("\n".join(one_line(line, 400) for line in lines).encode(), address)


class Watchdog:
    """Gives a sign of life while the program lives, three times in the time that systemd waits.

    Without a sign systemd ends the program and starts it again, so this thread must not live longer than the work.

    Args:
        is_alive: whether the work goes on; called from a separate thread.
        status: one line for ``systemctl status``.
    """

    def __init__(self, notifier: Notifier, is_alive: Callable[[float], bool], status: Callable[[], str]) -> None:
        self._notifier = notifier
        self._is_alive = is_alive
        self._status = status
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Watchdog":
        self._notifier.send("READY=1", "STATUS=started")
        if self._notifier.signs_every is not None:
            self._thread = start_thread("watchdog", self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._notifier.send("STOPPING=1")
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        every = self._notifier.signs_every or 0.0
        while not self._ended.wait(every):
            if self._is_alive(3 * every):
                self._notifier.alive(self._status())
