"""What reading a list costs in memory, estimated from its bytes before anything is made of them."""

from whatsit.errors import SourceError

MAX_LIST = 2**24
"""Bytes of a list: 16 MiB, 200,000 pictures or so."""
MAX_COST = 2**27 + 2**26
"""Bytes of memory that the lists of one import may take by this estimate: 192 MiB."""
MAX_COLUMNS = 4096
_BYTE, _LINE, _MARK = 5, 300, 60
# Each begins or separates a value in one of the notations; a value becomes an object of some sixty bytes.
_MARKS = (b",", b";", b"\t", b":", b"{", b"[", b"<")


def list_cost(content: bytes) -> int:
    """Bytes of memory that a list in any of the notations takes while it is read, as an estimate from above."""
    return len(content) * _BYTE + content.count(b"\n") * _LINE + _values(content) * _MARK


def check_list(content: bytes, path: str, before: int = 0) -> int:
    """Refuse a list that would take too much memory.

    Args:
        content: the list's bytes.
        path: what an error calls it.
        before: what the lists read before it cost.

    Returns:
        The cost of all.

    Raises:
        SourceError: it is too large.
    """
    if len(content) > MAX_LIST:
        raise SourceError(
            f"{path}: {len(content):,} bytes, more than the {MAX_LIST:,} allowed for a list; split it or leave it out"
        )
    cost = before + list_cost(content)
    if cost > MAX_COST:
        lines = content.count(b"\n") + 1
        raise SourceError(
            f"{path}: its {lines:,} lines and {_values(content):,} values need {cost / 2**20:,.0f} MiB of memory, more "
            f"than the {MAX_COST // 2**20} allowed for lists; split it or leave it out"
        )
    return cost


def _values(content: bytes) -> int:
    return sum(content.count(mark) for mark in _MARKS)
