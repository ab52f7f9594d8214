"""Opens a page in this machine's browser."""

import contextlib
import os
import sys
import threading
import webbrowser

from whatsit.web.server import Address

_SECONDS = 0.5
"""After the server was started, so that it answers."""


def open_soon(address: Address, wanted: bool | None = None) -> None:
    """Open a page that is about to be served; ``wanted`` None: where it is local and there is a desktop for it."""
    if wanted if wanted is not None else address.loopback and _has_desktop():
        timer = threading.Timer(_SECONDS, webbrowser.open, [address.url])
        timer.daemon = True
        with contextlib.suppress(RuntimeError):  # no more threads: the address is printed too
            timer.start()


def _has_desktop() -> bool:
    if sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
