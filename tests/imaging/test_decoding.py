"""What decoding costs in memory: known before, bounded, and shared by all that decode at once."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hostile_pictures import PICTURES, make

from whatsit import ImageError, load_image
from whatsit.imaging.decoding import Budget

MOST = 400_000_000
CHILD = Path(__file__).parent / "peak_of_pictures.py"
needs_peaks = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no peak of memory to be read here")


def child(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, CHILD, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile pictures as files, made by another process: making them takes memory too."""
    folder = tmp_path_factory.mktemp("hostile")
    child("make", folder)
    return folder


@needs_peaks
def test_no_picture_takes_more_memory_than_a_small_computer_has(pictures: Path) -> None:
    told = [line.split("\t") for line in child("read", pictures).splitlines()]
    assert len(told) == len(PICTURES)
    assert [(name, peak) for peak, name, _ in told if int(peak) > MOST] == []
    refused = {name: became for _, name, became in told if became != "read"}
    assert "16383 x 16383" in refused["a WebP of 34 bytes"]
    assert "MiB of memory" in refused["a PNG of 16 bits"]
    assert "a JPEG" not in refused


@needs_peaks
def test_large_pictures_at_once_wait_for_each_other(pictures: Path) -> None:
    assert int(child("together", pictures / f"{list(PICTURES).index('a PNG'):02}")) < MOST


def test_a_progressive_jpeg_is_refused_for_what_it_keeps_until_its_last_scan() -> None:
    with pytest.raises(ImageError, match="needs 344 MiB of memory, more than the 272 allowed"):
        load_image(make("a progressive JPEG"))


def test_who_needs_more_than_is_left_waits_until_others_are_done() -> None:
    budget = Budget(10)
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with budget.claimed(6):
            order.append("second")

    thread = threading.Thread(target=second)
    with budget.claimed(6), budget.claimed(100):  # the inner one does not wait for its own thread
        thread.start()
        waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_one_that_is_larger_than_all_is_served_alone() -> None:
    with Budget(10).claimed(20):
        pass
