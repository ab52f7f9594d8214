"""Steps of an edit that can be put back, in the opposite order, where a later one fails."""

import logging
from collections.abc import Callable
from functools import partial
from typing import ParamSpec

from whatsit.errors import DataError

_log = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")


class Steps:
    """What was done so far."""

    def __init__(self) -> None:
        self._back: list[Callable[[], object]] = []

    def then_back(
        self, function: Callable[Arguments, object], *args: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        """Putting this step back is calling that."""
        self._back.append(partial(function, *args, **named))

    def put_back(self) -> bool:
        """Put everything back; False where the disk does not let it happen: then the journal stays, to go on from."""
        while self._back:
            try:
                self._back.pop()()
            except (OSError, DataError) as error:
                _log.warning("an edit could not be put back: %s", error)
                return False
        return True
