"""The Ray engine: an actor a core, on this machine or on all of a cluster. Only importer of Ray (``whatsit[ray]``).

Paths go to the actors, and pictures are decoded there. The parts are those of the manifest, not Ray's blocks, whose
bounds change from run to run.
"""

import contextlib
import logging
import os
import queue
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from whatsit.bulk.dispatch import PICTURE_TIMEOUT, Tell, dispatched
from whatsit.bulk.engine import Event
from whatsit.bulk.engines.local import ONE_THREAD
from whatsit.bulk.job import Job
from whatsit.bulk.order import Message, Order, failure
from whatsit.bulk.rows import Examiner
from whatsit.errors import DataError, MissingExtraError, WhatsitError
from whatsit.parallel import cores, start_thread
from whatsit.processes import environment
from whatsit.validation import seconds, whole_number

_STORE = 100 * 2**20
"""Bytes of Ray's object store on one machine: nothing but messages goes through it."""


class RayEngine:
    """An ``Engine`` of Ray actors.

    An actor or a node that dies costs the parts it had in hand; see ``dispatched``. On a cluster every node needs
    whatsit with the extra ``ray``, and the pictures, the model and the parts under the same paths.
    """

    def __init__(
        self, workers: int | None = None, address: str | None = None, timeout: float = PICTURE_TIMEOUT
    ) -> None:
        """With this many actors.

        Args:
            workers: actors; None: one for each of Ray's processors.
            address: of a cluster, such as ``10.0.0.1:6379``; None: this machine alone.
            timeout: seconds that one picture may take.

        Raises:
            MissingExtraError: Ray is not installed.
        """
        # Ray would tell its makers of every use; who wants that sets the variable.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError as error:
            raise MissingExtraError("Ray", "ray", "the engine ray") from error
        self._ray: Any = ray
        self._workers = None if workers is None else whole_number(workers, "workers")
        self._address, self._timeout = address, seconds(timeout, "timeout")

    def work(self, job: Job, parts: Sequence[int]) -> Iterator[Event]:
        with self._connected():
            workers = self._workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
            kind = self._ray.remote(num_cpus=1, max_restarts=0)(_Maker)
            yield from dispatched(parts, workers, lambda tell: _Actor(self._ray, kind, job, tell), self._timeout)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        ray = self._ray
        if ray.is_initialized():  # by the program that called us, which also ends it
            yield
            return
        # PYTHONPATH, so that the actors find the whatsit of this process where it is not installed.
        path = environment().get("PYTHONPATH")
        variables = ONE_THREAD | ({"PYTHONPATH": path} if path else {})
        settings: dict[str, Any] = {"address": self._address or "local"}
        if self._address is None:
            settings |= {"num_cpus": self._workers or cores(), "include_dashboard": False}
            settings |= {"object_store_memory": _STORE}
        try:
            ray.init(
                log_to_driver=False, logging_level=logging.ERROR, runtime_env={"env_vars": variables}, **settings
            )  # fmt: skip
        except Exception as error:  # Ray raises what its parts do
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise DataError(f"Ray at {self._address or 'this machine'}: {reason[:200]}") from error
        try:
            yield
        finally:
            ray.shutdown()


class _Maker:
    """The actor: one interpreter thread, one part at a time."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = Job.from_dict(job)
        self._examiner: Examiner | None = None

    def ready(self) -> Message:
        try:
            self._examiner = Examiner.of(self._job)
        except (WhatsitError, MemoryError) as error:
            return failure(error)
        return {"ready": True}

    def make(self, order: dict[str, Any]) -> Iterator[Message]:
        """Messages while the part is made, which happens in a thread: a generator cannot be called back."""
        told: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        thread = start_thread("a part", self._make, Order.from_dict(order), told)
        while (message := told.get()) is not None:
            yield message
        thread.join()

    def _make(self, order: Order, told: "queue.SimpleQueue[Message | None]") -> None:
        assert self._examiner is not None
        try:
            order.carry_out(self._examiner, self._job, told.put)
        finally:
            told.put(None)


class _Actor:
    """One actor, and the thread that waits for its messages."""

    def __init__(self, ray: Any, kind: Any, job: Job, tell: Tell) -> None:
        self._ray = ray
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._actor = kind.remote(job.to_dict())
        try:
            start_thread("an actor's messages", self._attend, tell)
        except DataError:
            self.kill()
            raise

    def give(self, order: Order) -> None:
        self._orders.put(order)

    def kill(self) -> str:
        with contextlib.suppress(Exception):  # it has ended, or Ray has
            self._ray.kill(self._actor)
        return "its actor died"

    def _attend(self, tell: Tell) -> None:
        try:
            tell(self._ray.get(self._actor.ready.remote()))
            while True:
                order = asdict(self._orders.get())
                for answer in self._actor.make.options(num_returns="streaming").remote(order):
                    tell(self._ray.get(answer))
        except Exception:  # the actor died, with its node or alone
            tell(None)
