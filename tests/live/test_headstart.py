"""When the next frame is prepared: just before the recogniser is ready, and sooner where stages take uneven times."""

import random

from whatsit.live.answer import Stats
from whatsit.live.headstart import Headstart

PREPARE, INFERENCE = 2.0, 10.0
STATS = Stats(prepare_ms=PREPARE, inference_ms=INFERENCE)


def waits(unevenness: float, frames: int = 3000) -> tuple[float, float]:
    """How often the recogniser waits, and the mean delay in milliseconds, in the second half of a simulated run."""
    random_ = random.Random(4)
    headstart, waited, delays = Headstart(), [], []
    for _ in range(frames):
        takes = PREPARE * (1 - unevenness + unevenness * random_.expovariate(1))
        delays.append(headstart.delay * 1000)
        waited.append(delays[-1] + takes > INFERENCE)
        headstart.after(STATS, waited=waited[-1], repeated=False)
    half = frames // 2
    return sum(waited[half:]) / half, sum(delays[half:]) / half


def test_with_even_times_preparing_ends_when_the_recogniser_is_ready() -> None:
    share, delay = waits(0.0)
    assert share < 0.08
    assert 7.0 < delay <= INFERENCE - PREPARE


def test_with_uneven_times_it_begins_sooner_and_the_recogniser_waits_as_rarely() -> None:
    share, delay = waits(1.0)
    assert share < 0.08
    assert delay < waits(0.5)[1] < waits(0.0)[1]


def test_where_preparing_takes_longer_there_is_no_delay() -> None:
    headstart = Headstart()
    headstart.after(Stats(prepare_ms=12, inference_ms=10), waited=False, repeated=False)
    assert headstart.delay == 0


def test_a_still_scene_is_looked_at_as_often_as_a_moving_one_could_be_recognised() -> None:
    headstart = Headstart()
    for _ in range(20):  # it waits each time, for there is nothing to recognise
        headstart.after(STATS, waited=True, repeated=True)
    assert headstart.delay * 1000 == INFERENCE - PREPARE
