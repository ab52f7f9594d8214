"""Work on several threads, its results in order."""

import os
import threading

import pytest

from whatsit.parallel import lasting_threads, ordered_map


def test_results_come_in_order_and_each_thread_makes_its_own_function() -> None:
    made = []

    def make():
        made.append(threading.current_thread().name)
        return lambda item: item * item

    assert list(ordered_map(make, range(50), workers=3)) == [item * item for item in range(50)]
    assert 1 <= len(set(made)) == len(made) <= 3


def test_it_can_be_closed_by_one_of_its_own_threads_as_the_garbage_collector_does() -> None:
    asked, closed = threading.Event(), threading.Event()

    def work(item: int) -> int:
        if item == 2:
            assert asked.wait(60)
            answers.close()  # type: ignore[attr-defined]
            closed.set()
        return item

    answers = ordered_map(lambda: work, range(8), workers=1)
    assert next(answers) == 0
    asked.set()
    assert closed.wait(60)
    assert list(answers) == []


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 2), (4, 3), (8, 4)])
def test_lasting_work_leaves_a_core_free_where_there_are_more_than_two(
    cores: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert lasting_threads() == threads
