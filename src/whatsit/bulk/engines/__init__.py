"""The engines of a run by name."""

from collections.abc import Callable

from whatsit.bulk.engine import Engine
from whatsit.errors import ArgumentError
from whatsit.validation import short


def _local(workers: int | None, address: str | None, timeout: float) -> Engine:
    from whatsit.bulk.engines.local import LocalEngine

    if address is not None:
        raise ArgumentError(f"address {short(address)}: the engine local has none; take ray, or leave it out")
    return LocalEngine(workers, timeout)


def _ray(workers: int | None, address: str | None, timeout: float) -> Engine:
    from whatsit.bulk.engines.ray import RayEngine

    return RayEngine(workers, address, timeout)


ENGINES: dict[str, Callable[[int | None, str | None, float], Engine]] = {"local": _local, "ray": _ray}
"""Each is made from the number of workers and the address of a cluster, where they are given, and the seconds that one
picture may take."""
