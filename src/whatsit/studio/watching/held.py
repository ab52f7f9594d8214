"""Pictures that a person is asking about: a frame that was held, or a file that was dropped on the page."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from whatsit.errors import DataError

KEPT = 12
"""The latest ones; they are in memory only."""
MAX_BYTES = 16 * 2**20
"""Of one picture."""


@dataclass(frozen=True, slots=True)
class HeldPicture:
    """An encoded picture and where it comes from."""

    content: bytes
    source: str
    time: float
    """When it was taken, in seconds since 1970."""


class Held:
    """The latest pictures asked about, by an id that is given once. Threads take turns."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[str, HeldPicture] = OrderedDict()
        self._guard = threading.Lock()

    def put(self, picture: HeldPicture) -> str:
        """Keep one, and forget the oldest; returns its id."""
        id_ = secrets.token_hex(8)
        with self._guard:
            self._pictures[id_] = picture
            while len(self._pictures) > KEPT:
                self._pictures.popitem(last=False)
        return id_

    def get(self, id_: str) -> HeldPicture:
        """The picture with that id.

        Raises:
            DataError: it is not one of the latest.
        """
        with self._guard:
            if id_ not in self._pictures:
                raise DataError("this picture is no longer held; ask about it again")
            return self._pictures[id_]
