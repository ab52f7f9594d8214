"""The secret that visitors' cookies are made with: kept in the user's cache, so that they outlast a restart."""

import secrets

from whatsit.errors import WhatsitError
from whatsit.files import cache_folder, read_bounded, write_file

_BYTES = 32


def new_key() -> bytes:
    """256 random bits."""
    return secrets.token_bytes(_BYTES)


def cookie_key() -> bytes:
    """The kept key, made where there is none; where it cannot be kept, visitors show the token again next time."""
    file = cache_folder() / "cookie.key"
    try:
        kept = read_bounded(file, _BYTES + 1)
        if len(kept) == _BYTES:
            return kept
    except (OSError, WhatsitError):
        pass  # it is made again
    made = new_key()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, made, mode=0o600)
    except (OSError, WhatsitError):
        pass  # it is good until the studio ends
    return made
