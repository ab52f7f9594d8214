"""The engines of a run by name."""

from collections.abc import Callable

from whatsit.bulk.engine import Engine


def _local(workers: int | None, address: str | None) -> Engine:
    from whatsit.bulk.engines.local import LocalEngine

    return LocalEngine(workers)


ENGINES: dict[str, Callable[[int | None, str | None], Engine]] = {"local": _local}
"""Each is made from the number of workers and the address of a cluster, where they are given."""
