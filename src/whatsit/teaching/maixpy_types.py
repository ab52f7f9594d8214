"""The small types that MaixPy's interface speaks in, with the names and values of MaixCDK's headers."""

import logging
from collections.abc import Callable
from enum import IntEnum
from typing import TypeAlias

from whatsit.errors import ArgumentError, WhatsitError
from whatsit.imaging.preprocess import Fit, check_fit

_log = logging.getLogger(__name__)


class Err(IntEnum):
    """``maix.err.Err``: what a method that can fail returns."""

    ERR_NONE = 0
    ERR_ARGS = 1
    ERR_NO_MEM = 2
    ERR_NOT_IMPL = 3
    ERR_NOT_READY = 4
    ERR_NOT_INIT = 5
    ERR_NOT_OPEN = 6
    ERR_NOT_PERMIT = 7
    ERR_REOPEN = 8
    ERR_BUSY = 9
    ERR_READ = 10
    ERR_WRITE = 11
    ERR_TIMEOUT = 12
    ERR_RUNTIME = 13
    ERR_IO = 14
    ERR_NOT_FOUND = 15
    ERR_ALREAY_EXIST = 16
    """Spelt as there."""
    ERR_BUFF_FULL = 17
    ERR_BUFF_EMPTY = 18
    ERR_CANCEL = 19
    ERR_OVERFLOW = 20


class MaixFit(IntEnum):
    """``maix.image.Fit``: how a picture meets a network's input."""

    FIT_FILL = 0
    """Stretched, which is our squash."""
    FIT_CONTAIN = 1
    FIT_COVER = 2


class Format(IntEnum):
    """``maix.image.Format``: those that a network here can take."""

    FMT_RGB888 = 0
    FMT_BGR888 = 1
    FMT_GRAYSCALE = 12


class Size(tuple[int, int]):
    """``maix.image.Size``: (width, height) in pixels, which can also be asked by name."""

    __slots__ = ()

    def __new__(cls, width: int = 0, height: int = 0) -> "Size":
        """A size of ``width`` times ``height`` pixels."""
        return super().__new__(cls, (width, height))

    def __getnewargs__(self) -> tuple[int, int]:
        return self[0], self[1]

    def width(self) -> int:
        """In pixels."""
        return self[0]

    def height(self) -> int:
        """In pixels."""
        return self[1]

    def __str__(self) -> str:
        return f"Size({self[0]}x{self[1]})"


FitLike: TypeAlias = Fit | MaixFit | str
"""MaixPy's fit, ours, or its name."""

_FITS = {MaixFit.FIT_FILL: Fit.SQUASH, MaixFit.FIT_CONTAIN: Fit.CONTAIN, MaixFit.FIT_COVER: Fit.COVER}


def as_fit(fit: FitLike | None) -> Fit | None:
    """Our fit for one of either kind; None stays None.

    Raises:
        ArgumentError: there is no such fit.
    """
    if fit is None:
        return None
    return _FITS[fit] if isinstance(fit, MaixFit) else check_fit(fit)


def returned_code(act: Callable[[], object], otherwise: Err = Err.ERR_ARGS) -> Err:
    """Do it; as MaixPy does, log why it failed and return a code."""
    try:
        act()
    except ArgumentError as error:
        _log.error("%s", error)
        return Err.ERR_ARGS
    except WhatsitError as error:
        _log.error("%s", error)
        return otherwise
    return Err.ERR_NONE
