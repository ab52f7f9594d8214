"""Pictures behind addresses such as ``s3://bucket/a.jpg``, by fsspec and the package of each kind of store."""

import re
from collections.abc import Iterator
from typing import Any

from whatsit.errors import DataError, ImageError, MissingExtraError
from whatsit.imaging.image import MAX_BYTES
from whatsit.imaging.picture_format import NAMES, is_picture_name

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://", re.ASCII)
_SHOWN = 120


def is_address(text: str) -> bool:
    """Whether this is an address and no path. Chains of stores (``zip::s3://``) are paths, and so are not there."""
    return _ADDRESS.match(text) is not None


def check_store(address: str) -> None:
    """Refuse a kind of store whose package is missing, before a million pictures fail one by one.

    Raises:
        DataError: the package is not installed.
        MissingExtraError: fsspec is not.
    """
    protocol = _protocol(address)
    try:
        _fsspec(address).get_filesystem_class(protocol)
    except ImportError as error:
        raise DataError(f"{protocol}:// needs a package of its own: {_reason(error)}") from error
    except ValueError:  # no such kind: each such line of a list is a row with its error
        return


def pictures_below(address: str) -> Iterator[str]:
    """The pictures below an address, sorted; the address itself where it is one object.

    Raises:
        DataError: it cannot be listed.
    """
    check_store(address)
    fsspec, protocol = _fsspec(address), _protocol(address)
    try:
        store, path = fsspec.core.url_to_fs(address)
        found = sorted(store.find(path)) if store.isdir(path) else []
    except Exception as error:  # every store has errors of its own
        raise DataError(f"{address}: cannot be listed: {_reason(error)}") from error
    if not found:
        yield address
        return
    for one in found:
        if is_picture_name(one):
            full = str(store.unstrip_protocol(one))
            yield full if is_address(full) else f"{protocol}://{one}"


def read(address: str) -> bytes:
    """The bytes of one picture.

    Raises:
        ImageError: it cannot be had, or is larger than ``MAX_BYTES``.
    """
    try:
        with _fsspec(address).open(address, "rb") as stream:
            content: bytes = stream.read(MAX_BYTES + 1)
    except MissingExtraError:
        raise
    except Exception as error:  # every store has errors of its own, and a picture's is a row
        raise ImageError(f"cannot be read: {_reason(error)}") from error
    if len(content) > MAX_BYTES:
        raise ImageError(f"more than the {MAX_BYTES:,} bytes allowed for a {NAMES} picture")
    return content


def _protocol(address: str) -> str:
    found = _ADDRESS.match(address)
    return found[1] if found else ""


def _fsspec(address: str) -> Any:
    try:
        import fsspec
        import fsspec.core
    except ImportError as error:
        raise MissingExtraError("fsspec", "bulk", f"{_protocol(address)}://") from error
    return fsspec


def _reason(error: BaseException) -> str:
    text = (str(error).strip().splitlines() or [""])[0]
    return (text or type(error).__name__)[:_SHOWN]
