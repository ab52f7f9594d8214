"""``maix.err``: the codes that methods return, and the exception that the others raise."""

from whatsit.errors import WhatsitError
from whatsit.teaching.maixpy_types import Err

__all__ = ["Err", "Exception", "check_raise", "to_str"]

Exception = WhatsitError
"""What a call raises that cannot be answered."""


def to_str(e: Err) -> str:
    """The code's name in words: ``not found`` for ``ERR_NOT_FOUND``."""
    return Err(e).name.removeprefix("ERR_").replace("_", " ").lower()


def check_raise(e: Err, msg: str = "") -> None:
    """Raise unless ``e`` is ``ERR_NONE``.

    Raises:
        WhatsitError: with ``msg`` and the code in words.
    """
    if e != Err.ERR_NONE:
        raise Exception(f"{msg}: {to_str(e)}" if msg else to_str(e))
