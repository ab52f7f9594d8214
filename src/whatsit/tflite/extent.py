"""The number of objects a flatbuffer announces, counted before any of them is built.

Its vectors can point at the same place many times, so that a few kilobytes announce more objects than fit in memory.
Real writers give every object separate bytes.
"""

import inspect
from functools import cache
from typing import Any

from flatbuffers.table import Table

from whatsit.tflite.schema import schema

MAX_TABLES = 2**17
"""Objects allowed in a model; image classifiers have some hundreds."""

_UNIONS = {
    "BuiltinOptions": schema.BuiltinOptions,
    "BuiltinOptions2": schema.BuiltinOptions2,
    "Details": schema.QuantizationDetails,
    "ArraySegments": schema.SparseIndexVector,
    "ArrayIndices": schema.SparseIndexVector,
}


def check_extent(content: bytes) -> None:
    """Refuse a model that announces more than ``MAX_TABLES`` objects, or more vector items and text than it has bytes.

    Raises:
        ValueError: naming which.
        struct.error, IndexError, TypeError: an offset points outside the file.
    """
    waiting = [schema.Model.GetRootAs(content, 0)]
    tables, items = 0, 0
    while waiting:
        table = waiting.pop()
        tables += 1
        kind: Any = type(table)
        plain, vectors = _accessors(kind)
        for name in vectors:
            count = getattr(table, name + "Length")()
            items += count
            if count and hasattr(getattr(table, name)(0), "_tab"):
                _refuse_beyond(tables + len(waiting) + count, items, len(content))
                waiting += (getattr(table, name)(place) for place in range(count))
        for name in plain:
            value = getattr(table, name)()
            if isinstance(value, bytes):
                items += len(value)
            elif isinstance(value, Table):
                waiting += _in_union(name, getattr(table, name + "Type")(), value)
            elif hasattr(value, "_tab"):
                waiting.append(value)
        _refuse_beyond(tables + len(waiting), items, len(content))


def _refuse_beyond(tables: int, items: int, size: int) -> None:
    if tables > MAX_TABLES:
        raise ValueError(f"{tables:,} objects announced, more than {MAX_TABLES:,}")
    if items > size:
        raise ValueError(f"{items:,} items announced in {size:,} bytes")


def _in_union(name: str, kind: int, table: Table) -> list[Any]:
    found = next((member for member, value in vars(_UNIONS[name]).items() if value == kind and kind), None)
    if found is None:
        return []
    member = getattr(schema, found)()
    member.Init(table.Bytes, table.Pos)
    return [member]


@cache
def _accessors(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a generated class that hold one value, and those that hold a vector."""
    methods = {name: method for name, method in inspect.getmembers(kind, inspect.isfunction) if name[0].isupper()}
    vectors = tuple(name.removesuffix("IsNone") for name in methods if name.endswith("IsNone"))
    derived = {name + end for name in vectors for end in ("", "IsNone", "Length", "AsNumpy")}
    return tuple(name for name in methods if name not in derived and name != "Init"), vectors
