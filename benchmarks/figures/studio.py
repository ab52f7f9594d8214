"""What twenty viewers cost, and what the studio weighs:  python -m benchmarks.figures.studio

Two ratios and a size. Viewers here are the studio's own outboxes, so that the processor time of sockets, which is
the operating system's, stays out of it.
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from whatsit.backbones.embedder import Embedder, PixelEmbedder
from whatsit.studio.studio import Studio

FRAMES = 120
ALLOWED_RATIO = 1.5
ALLOWED_BYTES = 200 * 2**20


async def watch(studio: Studio, viewers: int) -> tuple[float, float]:
    """Processor seconds per frame while that many viewers watch ``FRAMES`` frames, and encodings per frame."""
    outboxes = [studio.hub.open() for _ in range(viewers)]
    for outbox in outboxes:
        studio.hub.want(outbox, ["frame"])
    studio.attend()
    await asyncio.gather(*(outbox.take() for outbox in outboxes))
    encoded, frames, begun = studio.encoded, studio.feed.camera.frames, time.process_time()

    async def view(outbox: object) -> None:
        while studio.feed.camera.frames < frames + FRAMES:
            await outbox.take()  # type: ignore[attr-defined]

    await asyncio.gather(*(view(outbox) for outbox in outboxes))
    seen = studio.feed.camera.frames - frames
    result = (time.process_time() - begun) / seen, (studio.encoded - encoded) / seen
    for outbox in outboxes:
        studio.hub.close(outbox)
    return result


async def compare(studio: Studio) -> tuple[float, float]:
    """Processor time of twenty viewers over that of one, and encodings per frame with twenty."""
    one, _ = await watch(studio, 1)
    twenty, encodings = await watch(studio, 20)
    return twenty / one, encodings


def resident_with_backbone() -> int:
    """Peak resident bytes of a studio teaching and watching on the built-in backbone."""
    from whatsit.backbones.backbone import Backbone

    embedder: Embedder = Backbone.builtin()
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder), embedder)
        try:
            asyncio.run(_teach_and_watch(studio))
        finally:
            studio.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def _teach_and_watch(studio: Studio) -> None:
    from whatsit.studio.web.app import create_app
    from whatsit.web.access import Access

    create_app(studio, Access.of("127.0.0.1", 8000, None))
    studio.feed.camera.wait_for(lambda camera: camera.latest is not None, 10)
    for thing in ("mug", "duck"):
        studio.feed.show(thing)
        studio.session.add_class(studio.feed.snapshot(time.time()), thing)
    outbox = studio.hub.open()
    studio.hub.want(outbox, ["frame", "answer:taught"])
    studio.attend()
    for _ in range(60):
        await outbox.take()
    studio.hub.close(outbox)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder), PixelEmbedder(), "synthetic:?fps=30")
        try:
            ratio, encodings = asyncio.run(compare(studio))
        finally:
            studio.close()
    resident = resident_with_backbone()
    print(f"processor time, 20 viewers over 1   {ratio:5.2f}   (at most {ALLOWED_RATIO})")
    print(f"encodings per frame, 20 viewers     {encodings:5.2f}   (at most 1)")
    print(f"peak resident memory                {resident / 2**20:5.0f} MB (at most {ALLOWED_BYTES // 2**20})")
    # A frame that was half-way when counting began may be counted on one side only.
    return int(ratio > ALLOWED_RATIO or encodings > 1 + 2 / FRAMES or resident > ALLOWED_BYTES)


if __name__ == "__main__":
    sys.exit(main())
