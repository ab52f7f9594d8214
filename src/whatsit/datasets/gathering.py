"""Many additions of one thread as one edit, to be undone together: an import."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from whatsit.datasets.edit import Edit, EditKind


class Gathering(threading.local):
    """What the present thread has stored since its outermost ``together`` began."""

    def __init__(self, record: Callable[[Edit], object]) -> None:
        self._record = record
        self._moves: list[tuple[str, str]] = []
        self._makes: list[str] = []
        self._depth = 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Record one edit at the end, also after an exception; one within another is part of that."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._moves and not self._depth:
                edit = Edit(
                    EditKind.IMPORT, len(self._moves), moves=tuple(self._moves), makes=tuple(self._makes),
                    time=time.time(),
                )  # fmt: skip
                self._moves, self._makes = [], []
                self._record(edit)

    def take(self, edit: Edit) -> None:
        """An addition that has happened."""
        self._moves.extend(edit.moves)
        self._makes.extend(edit.makes)
