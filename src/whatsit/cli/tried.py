"""Parts of whatsit that doctor tries, rather than look whether they are installed."""

import time
import urllib.error
import urllib.request
from typing import NamedTuple

import numpy as np

from whatsit.errors import MissingExtraError, WhatsitError
from whatsit.parallel import start_thread
from whatsit.plugins import EXTRAS


class Tried(NamedTuple):
    """What came of it."""

    ok: bool
    found: str
    fix: str = ""


def camera(address: str) -> Tried:
    """A frame of a camera."""
    from whatsit.cameras import open_camera

    start = time.perf_counter()
    try:
        with open_camera(address) as opened:
            height, width, _ = opened.read().image.shape
    except MissingExtraError as error:
        return Tried(False, str(error), EXTRAS[error.extra].command)
    except WhatsitError as error:
        return Tried(False, str(error), f"whatsit live --camera {address}  shows whether it comes back")
    return Tried(True, f"a frame of {width} x {height} after {time.perf_counter() - start:.1f} s")


def teaching() -> Tried:
    """A head fitted by scikit-learn, and a network quantised by ai-edge-quantizer."""
    from whatsit.heads.learners import LEARNERS
    from whatsit.tflite.quantise import quantise

    embeddings = np.eye(8, dtype=np.float32)
    head = LEARNERS["logistic"](embeddings, ["a", "b"] * 4)
    quantised = quantise(*_pooling())
    return Tried(True, f"a head of {len(head.labels)} labels fitted, a network of {len(quantised):,} bytes quantised")


def web() -> Tried:
    """A request to a server of ours, on a free port of this machine."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    import whatsit.studio.web.app  # all that the pages need
    from whatsit.web.server import WebServer

    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    server = WebServer(lambda *_: app, port=0)
    failed: list[Exception] = []

    def run() -> None:
        try:
            server.run()
        except Exception as error:  # said below, not on the terminal by its thread
            failed.append(error)

    serving = start_thread("doctor's web server", run)
    try:
        with urllib.request.urlopen(server.address.url, timeout=10) as answer:  # noqa: S310 (our own address)
            said = answer.read()
    except (OSError, urllib.error.URLError) as error:
        reason = " ".join(f"{type(one).__name__}: {one}" for one in failed or [error])
        return Tried(False, f"{server.address.url} does not answer: {reason}", EXTRAS["studio"].command)
    finally:
        server.stop()
        serving.join(10)
    return Tried(said == b"here", f"{whatsit.studio.web.app.__name__} loaded, a request answered")


def _pooling() -> tuple[bytes, dict[str, tuple[float, float]]]:
    """A network with an operator that only the quantiser knows, and its ranges."""
    from whatsit.tflite.flatbuffer import write_model
    from whatsit.tflite.graph import Graph

    graph = Graph()
    image, small = graph.tensor("image", (1, 2, 2, 3)), graph.tensor("small", (1, 1, 1, 3))
    graph.operator(
        "MAX_POOL_2D", [image], small, table="Pool2DOptions", strideW=2, strideH=2, filterWidth=2, filterHeight=2
    )
    return write_model(graph.finish([image], [small])), {"image": (-1.0, 1.0), "small": (-1.0, 1.0)}
