"""A server of models in a thread of this process, reached over real sockets."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from running_server import run_in_thread
from whatsit import Prediction, Predictions, Preprocess
from whatsit.serving.correcting import corrector_of
from whatsit.serving.launch import ModelServer
from whatsit.serving.model_files import all_files
from whatsit.serving.service import Service


@dataclass
class Serving:
    """A running server and how to reach it."""

    service: Service
    server: ModelServer

    @property
    def port(self) -> int:
        return self.server.address.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **headers: str) -> httpx.Client:
        """A program: it sends no Origin."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextmanager
def serving(
    *models: object, project: Path | None = None, token: str | None = None, **settings: object
) -> Iterator[Serving]:
    """A server on any port, with the settings of ``Service``."""
    service = Service(all_files(map(str, models), project), **settings)  # type: ignore[arg-type]
    corrector = None if project is None else corrector_of(project)
    server = ModelServer(service, port=0, token=token, corrector=corrector)
    with run_in_thread(server):
        yield Serving(service, server)


class Slow:
    """A model whose every answer waits until it may go on."""

    labels = ("mug", "duck")
    threshold = None
    preprocess = Preprocess(8, 8)

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Semaphore(0), threading.Event()

    def classify_pixels(self, pixels: np.ndarray, top_k: int = 5) -> Predictions:
        self.begun.release()
        assert self.go_on.wait(20)
        return Predictions((Prediction("mug", 0.9, 0), Prediction("duck", 0.1, 1))[:top_k])

    def __deepcopy__(self, _: object) -> "Slow":
        return self


def until(condition: Callable[[], bool]) -> None:
    """Ask again and again until it is so."""
    last = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < last, "it did not come to that"
