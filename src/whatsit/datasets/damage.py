"""Files of ours that were damaged, by a failing card or by hand: set aside under another name, never deleted."""

import logging
import os
from pathlib import Path

from whatsit.errors import DataError
from whatsit.files import beneath

_log = logging.getLogger(__name__)


def set_aside(path: Path, reason: str, instead: str, *, only_copy: bool = True) -> Path:
    """Give a damaged file the name ``NAME.damaged-1``, or the next free number, and say so in the log.

    Args:
        path: the file.
        reason: what is wrong with it.
        instead: what is used from now on.
        only_copy: False for what is made again: one set aside before is replaced.

    Returns:
        Its new path.

    Raises:
        DataError: it cannot be renamed.
    """
    number = 1
    while only_copy and os.path.lexists(path.with_name(f"{path.name}.damaged-{number}")):
        number += 1
    aside = path.with_name(f"{path.name}.damaged-{number}")
    try:
        beneath.replace(path, aside)
    except OSError as error:
        raise DataError(
            f"{path}: damaged ({reason}), and cannot be set aside: {error.strerror}; move it away"
        ) from error
    _log.warning("%s: damaged (%s); kept as %s, %s", path, reason, aside.name, instead)
    return aside
