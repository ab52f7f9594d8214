"""What reading a list costs in memory: estimated before, and refused where it is too much."""

import subprocess
import sys
from pathlib import Path

import pytest

from whatsit.datasets.formats.list_cost import MAX_LIST, check_list
from whatsit.errors import SourceError

CHILD = Path(__file__).parent / "hostile_lists.py"
MOST = 400_000_000
COSTLIEST = ("words", "names of their own", "short lines")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no peak of memory to be read here")
def test_no_list_takes_more_memory_than_a_small_computer_has(tmp_path: Path) -> None:
    """All of them: ``python tests/datasets/hostile_lists.py FOLDER``."""
    done = subprocess.run(
        [sys.executable, CHILD, tmp_path, *COSTLIEST], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    told = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(told) == 2 * len(COSTLIEST)
    assert [(name, peak) for peak, name, _ in told if int(peak) > MOST] == []


def test_a_list_of_two_hundred_thousand_pictures_is_read() -> None:
    lines = b"".join(b"a-class/IMG_20240612_%08d.jpg,a-class,validation\n" % number for number in range(200_000))
    assert check_list(lines, "labels.csv") > len(lines)


@pytest.mark.parametrize("content", [b"a\n" * 2**22, b"," * 2**23, b"{}," * 2**22, b"<a/>" * 2**22])
def test_many_values_in_few_bytes_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(SourceError, match="labels.csv: its .* MiB of memory, more than the 192 allowed"):
        check_list(content, "labels.csv")


def test_lists_are_refused_together_where_each_alone_would_do() -> None:
    content = b"a.jpg,x\n" * 300_000
    with pytest.raises(SourceError, match="allowed for lists"):
        check_list(content, "second.csv", check_list(content, "first.csv"))


def test_a_list_of_more_bytes_is_refused_before_they_are_counted() -> None:
    with pytest.raises(SourceError, match="16,777,217 bytes"):
        check_list(bytes(MAX_LIST + 1), "labels.csv")
