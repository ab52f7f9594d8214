"""A studio in a thread of this process, reached over real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from running_server import run_in_thread
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer


@dataclass
class Served:
    """A running studio and how to reach it."""

    studio: Studio
    server: StudioServer

    @property
    def port(self) -> int:
        return self.server.address.port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **headers: str) -> httpx.Client:
        """A browser's page: it sends its Origin along."""
        return httpx.Client(base_url=self.origin, headers={"origin": self.origin, **headers}, timeout=30)


@contextmanager
def served(folder: Path, camera: str = "synthetic:?object=mug", **settings: object) -> Iterator[Served]:
    """A studio on a folder; ``browser:`` is a camera that shows nothing and costs nothing."""
    studio = Studio(folder, PixelEmbedder(), camera)
    server = StudioServer(studio, port=0, **settings)  # type: ignore[arg-type]
    with run_in_thread(server):
        running = Served(studio, server)
        assert camera == "browser:" or studio.feed.camera.wait_for(lambda camera: camera.latest is not None, 10)
        yield running
