"""A server of ours in a thread of this process, reached over real sockets."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from whatsit.web.server import WebServer

Server = TypeVar("Server", bound=WebServer)


@contextmanager
def run_in_thread(server: Server) -> Iterator[Server]:
    """Run it until the block ends; it has ended then."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
