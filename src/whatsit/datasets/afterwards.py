"""What follows an edit that has happened: a failure there is a line in the log, not a failed edit."""

import logging
import sqlite3
from collections.abc import Callable

from whatsit.errors import WhatsitError

_log = logging.getLogger(__name__)


def afterwards(work: Callable[[], object]) -> None:
    """Do what can be made good later, by the next refresh or edit."""
    try:
        work()
    except (WhatsitError, OSError, sqlite3.Error) as error:
        _log.warning("put off, to be done with the next change or start: %s", error)
