"""What sinks cost the live engine: answers per second with four sinks, one of which hangs, against none.

    python -m benchmarks.figures.sinks [ROUNDS]

The four: a file, a webhook and an MQTT broker whose port is closed, and one that never returns. Both sides take turns
in one run; the exit status is 1 where the median ratio is below the goal.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.figures.live import DrawnBefore, alone
from whatsit.cameras.demo_scene.scene import Scene
from whatsit.live.answer import Answer
from whatsit.live.engine import Live
from whatsit.live.recogniser import Recogniser, load_recogniser
from whatsit.live.sink import Sink
from whatsit.live.sinks import open_sinks
from whatsit.live.smoothing import Smoothing

ANSWERS = 100
GOAL = 0.97


class Hangs:
    """A sink that takes one answer and never comes back."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def send(self, answer: Answer) -> None:
        self.let_go.wait()

    def close(self) -> None:
        pass


def rate(camera: DrawnBefore, recogniser: Recogniser, sinks: Sequence[Sink], hanging: Hangs) -> tuple[float, float]:
    """Answers per second, and milliseconds of processor time per answer, without the first few."""
    live = Live(camera, recogniser, sinks, smoothing=Smoothing(seconds=0))
    begin: tuple[float, float, int] | None = None
    end = (0.0, 0.0, 0)
    for answer in live:  # counted by the engine: a loop that is not quick enough skips some
        end = (time.perf_counter(), time.process_time(), answer.stats.answers)
        if begin is None and answer.stats.answers >= 20:
            begin = end
        if answer.stats.answers >= 20 + ANSWERS:
            hanging.let_go.set()  # the measurement is over
            break
    assert begin is not None
    answers = end[2] - begin[2]
    return answers / (end[0] - begin[0]), (end[1] - begin[1]) / answers * 1000


def addressed(folder: Path) -> list[Sink]:
    """A file, and two that find nobody at the other end."""
    return open_sinks(
        [
            f"jsonl:{folder}/seen.jsonl",
            f"webhook:http://127.0.0.1:9/?outbox={folder}/outbox.db",
            "mqtt://127.0.0.1:9?id=benchmark",
        ]
    )


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    scene = Scene(width=1280, height=720)
    shown = [scene.render(number * 97) for number in range(10)]
    images = [image for image in shown for _ in range(30)]  # about one change a second
    recogniser = load_recogniser(threads=1)
    fps = 1.5 / alone(lambda number: recogniser.classify_pixels(recogniser.preprocess.pixels(images[number])))
    ratios, costs = [], []
    for number in range(rounds):
        found = {}
        for kind in ("with", "without") if number % 2 else ("without", "with"):
            with tempfile.TemporaryDirectory() as folder:
                hanging = Hangs()
                sinks: list[Sink] = [*addressed(Path(folder)), hanging] if kind == "with" else []
                found[kind] = rate(DrawnBefore(images, fps), recogniser, sinks, hanging)
        (rate_with, cost_with), (rate_without, cost_without) = found["with"], found["without"]
        ratios.append(rate_with / rate_without)
        costs.append(cost_with / cost_without)
        both = f"{rate_without:.1f} answers per second without, {rate_with:.1f} with"
        Console().print(f"{both}: {ratios[-1]:.3f}; processor time per answer: {costs[-1]:.3f}")
    median = statistics.median(ratios)
    Console().print(f"median {median:.3f}, goal {GOAL}; processor time per answer: {statistics.median(costs):.3f}")
    return int(median < GOAL)


if __name__ == "__main__":
    sys.exit(main())
