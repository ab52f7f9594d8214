"""Names are sorted, and known again, however many there are."""

import resource
import tracemalloc

import pytest

from whatsit.errors import DataError
from whatsit.files.spill import Seen, in_order


def names_without_order(count):
    """Many different names, some of them not UTF-8."""
    for number in range(count):
        letter = chr(0xDC80 + number % 128 if number % 1000 == 0 else 0x80 + number % 9000)
        yield f"{number * 7919 % count:07d}{letter}"


def test_any_number_of_names_is_sorted_in_little_memory():
    count = 150_000
    expected = sorted(names_without_order(count))
    tracemalloc.start()
    same = all(map(str.__eq__, in_order(names_without_order(count)), expected))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert same and peak < 5e6  # all of them are 15 MB
    assert list(in_order(["b", "a", "b"])) == ["a", "b", "b"] and len(list(in_order(expected))) == count


def test_what_was_seen_before_is_known_in_little_memory():
    tracemalloc.start()
    with Seen() as seen:
        assert all(seen.is_new(name) for name in names_without_order(60_000))
        assert not any(seen.is_new(name) for name in names_without_order(60_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6  # the hashes alone are 3 MB


def test_a_full_disk_is_one_line_where_names_are_sorted():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DataError, match="temporary file cannot be written: .*; set SQLITE_TMPDIR"):
            list(in_order(f"{number:050d}" for number in range(150_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
