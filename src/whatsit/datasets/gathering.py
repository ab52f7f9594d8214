"""Many additions of one thread as one edit, to be undone together: an import."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gathering(threading.local):
    """The word that the present thread's additions share since its outermost ``together`` began."""

    def __init__(self) -> None:
        self.burst = ""
        """Empty outside."""
        self._depth = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is added within is one edit; one within another is part of that."""
        if not self._depth:
            self.burst = secrets.token_hex(8)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self.burst = ""
