"""The live engine against its parts: throughput, latency, memory. Ratios of one run on one machine.

    python -m benchmarks.figures.live

Prints one table; the exit status is 1 where a goal is missed. The interpreter has one thread here, so that a
stage is a thread and two cores can hold both: with one thread a core, "alone" would already use every core.
Throughput means something on a quiet machine only: what other programs took meanwhile is in the table.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from whatsit.cameras import Frame
from whatsit.cameras.camera import ClosingCamera
from whatsit.cameras.demo_scene.scene import Scene
from whatsit.cameras.pace import Pace
from whatsit.live.engine import Answer, Live
from whatsit.live.recogniser import Recogniser, load_recogniser

ANSWERS = 150
ROUNDS = 7
_WHATSIT = "from whatsit.cli.app import main; main()"


class DrawnBefore(ClosingCamera):
    """Frames from memory at a steady rate, so that drawing them costs nothing while we measure."""

    source = "benchmark:"
    dropped = 0

    def __init__(self, images: list[NDArray[np.uint8]], fps: float) -> None:
        self._images = images
        self._pace = Pace(fps, self.source)
        self._number = 0

    def read(self) -> Frame:
        self._pace.wait()
        self._number += 1
        return Frame(self._images[self._number % len(self._images)], time.time(), self.source)

    def close(self) -> None:
        self._pace.close()


class Collected:
    """A sink that keeps when each answer came and how old its frame was then."""

    def __init__(self, count: int) -> None:
        self.ends: list[float] = []
        self.ages: list[float] = []
        self._count = count
        self.done = threading.Event()

    def send(self, answer: Answer) -> None:
        self.ages.append(time.time() - answer.time)
        self.ends.append(time.perf_counter())
        if len(self.ends) >= self._count:
            self.done.set()

    def close(self) -> None:
        pass


def alone(work: Callable[[int], object]) -> float:
    """Median seconds of ``work``, nothing else running."""
    times = []
    for number in range(ANSWERS):
        begin = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def together(recogniser: Recogniser, images: list[NDArray[np.uint8]], fps: float) -> tuple[float, float]:
    """Median seconds from answer to answer, and median age of a frame when its answer is there."""
    collected = Collected(ANSWERS)
    with Live(DrawnBefore(images, fps), recogniser, [collected]):
        collected.done.wait()
    gaps = [after - before for before, after in pairwise(collected.ends)]
    return statistics.mean(gaps[20:]), statistics.median(collected.ages[20:])


def side_by_side(first: Callable[[int], object], second: Callable[[int], object]) -> float:
    """Seconds that ``second`` takes while another thread does ``first``: what this machine gives without an engine."""
    ended = threading.Event()

    def going() -> None:
        number = 0
        while not ended.is_set():
            first(number)
            number += 1

    thread = threading.Thread(target=going)
    thread.start()
    try:
        return alone(second)
    finally:
        ended.set()
        thread.join()


def cost(recogniser: Recogniser, images: list[NDArray[np.uint8]]) -> float:
    """Milliseconds of processor time for one answer, of all threads."""
    collected = Collected(ANSWERS)
    begin = time.process_time()
    with Live(DrawnBefore(images, 30), recogniser, [collected]):
        collected.done.wait()
    return (time.process_time() - begin) * 1000 / len(collected.ends)


def others_since(begin: tuple[float, float, float]) -> float:
    """Cores that other programs kept busy since ``clocks``."""
    wall, busy, own = (now - then for now, then in zip(clocks(), begin, strict=True))
    return max(0.0, busy - own) / wall


def clocks() -> tuple[float, float, float]:
    """Seconds: of time, of all cores' work, of this process's."""
    times = psutil.cpu_times()
    return time.perf_counter(), sum(times) - times.idle - getattr(times, "iowait", 0.0), time.process_time()


def memory_of_live() -> float:
    """Megabytes resident of ``whatsit live`` on the demonstration scene, its helpers included."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WHATSIT, "live", "--camera", "synthetic:", "--seconds", "8"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    watched = psutil.Process(process.pid)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    highest = 0
    while process.poll() is None:
        try:
            family = [watched, *watched.children(recursive=True)]
            highest = max(highest, sum(member.memory_info().rss for member in family))
        except psutil.NoSuchProcess:
            break
        threading.Event().wait(0.1)
    process.communicate()
    return highest / 1e6


def main() -> int:
    scene = Scene(width=1280, height=720)
    images = [scene.render(number * 9) for number in range(60)]
    recogniser = load_recogniser(threads=1)
    pixels = [recogniser.preprocess.pixels(image) for image in images]
    alone(lambda number: recogniser.classify_pixels(pixels[number % 60]))  # warm

    # Parts and whole take turns, so that whatever else the machine does meets both; the median round counts.
    def prepares(number: int) -> object:
        return recogniser.preprocess.pixels(images[number % 60])

    def infers(number: int) -> object:
        return recogniser.classify_pixels(pixels[number % 60])

    rounds = []
    for _ in range(ROUNDS):
        begin = clocks()
        prepare, infer = alone(prepares), alone(infers)
        slower = max(prepare, infer)
        beside = infer / side_by_side(prepares, infers)
        interval, busy_age = together(recogniser, images, fps=1.5 / slower)
        _, calm_age = together(recogniser, images, fps=30)
        extra = (busy_age - prepare - infer) / interval
        calm_extra = (calm_age - prepare - infer) * 30
        others = others_since(begin)
        rounds.append(
            (prepare * 1000, infer * 1000, interval * 1000, slower / interval, extra, calm_extra, beside, others)
        )
    prepare, infer, interval, ratio, extra, calm_extra, beside, others = (
        statistics.median(column) for column in zip(*rounds, strict=True)
    )
    still = cost(recogniser, images[:1]) / cost(recogniser, images)
    memory = memory_of_live()

    rows = [
        ("throughput / slower stage alone", ratio, ">= 0.90", ratio >= 0.9),
        ("extra latency, saturated (frames)", extra, "<= 1.00", extra <= 1),
        ("extra latency, 30 a second (frames)", calm_extra, "<= 1.00", calm_extra <= 1),
        ("processor for a still scene / a moving one", still, "<= 0.50", still <= 0.5),
        ("memory of  whatsit live  (MB)", memory, "<= 150", memory <= 150),
    ]
    table = Table(title="whatsit live, 1280x720, built-in model")
    for column in ("measure", "value", "goal", ""):
        table.add_column(column, justify="left" if column == "measure" else "right")
    table.add_row("prepare alone (ms)", f"{prepare:.2f}", "", "")
    table.add_row("inference alone (ms)", f"{infer:.2f}", "", "")
    table.add_row("live, answer to answer (ms)", f"{interval:.2f}", "", "")
    table.add_row("inference alone / beside preparing, no engine", f"{beside:.2f}", "", "")
    table.add_row("cores that other programs kept busy", f"{others:.2f}", "", "")
    for name, value, goal, met in rows:
        table.add_row(name, f"{value:.2f}", goal, "met" if met else "MISSED")
    Console().print(table)
    return 0 if all(met for *_, met in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
