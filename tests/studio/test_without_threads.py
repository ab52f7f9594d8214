"""A system that gives no more threads: what cannot start is refused in one line, and nothing says that it runs."""

import logging
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from whatsit import PixelEmbedder, SelfLearnClassifier
from whatsit.bulk.engines.local import LocalEngine
from whatsit.bulk.job import Job, ModelChoice
from whatsit.cameras import SharedCamera, open_camera
from whatsit.errors import CameraError, DataError, WhatsitError
from whatsit.live.engine import Answer, Live
from whatsit.live.sinks.list_sink import ListSink
from whatsit.parallel import ordered_map
from whatsit.rules.rule import Rule
from whatsit.rules.rules_sink import RulesSink
from whatsit.studio.jobs.worker import Worker
from whatsit.studio.watching.while_wanted import WhileWanted

Limit = Callable[[int], None]


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Limit]:
    """Allow so many threads more, and no others."""
    start = threading.Thread.start

    def limit(most: int) -> None:
        left = iter(range(most))

        def refuse(thread: threading.Thread) -> None:
            if next(left, None) is None:
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse)

    yield limit
    monkeypatch.setattr(threading.Thread, "start", start)


def test_a_job_whose_thread_cannot_start_leaves_no_process(allow: Limit) -> None:
    worker = Worker("training")
    allow(0)
    with pytest.raises(DataError, match="training: cannot start: can't start new thread; close other programs"):
        worker.begin({"job": "train"}, lambda _: None, lambda _: None)  # type: ignore[typeddict-item]
    assert not worker.running
    assert worker._process is not None and worker._process.poll() is not None


@pytest.mark.parametrize("threads", range(4))
def test_a_live_engine_that_gets_too_few_threads_ends_those_it_has(allow: Limit, threads: int) -> None:
    sink = ListSink()
    live = Live(open_camera("synthetic:"), SelfLearnClassifier(PixelEmbedder()), [sink])
    before = threading.active_count()
    allow(threads)
    with pytest.raises(WhatsitError, match="cannot start"):
        live.start()
    assert threading.active_count() == before


def test_a_camera_that_nobody_can_read_is_closed(allow: Limit) -> None:
    camera = open_camera("synthetic:")
    allow(0)
    with pytest.raises(CameraError, match="cannot start"):
        SharedCamera(camera)
    with pytest.raises(CameraError):
        camera.read()


def test_work_that_is_wanted_starts_when_there_is_a_thread_again(
    allow: Limit, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()
    work = WhileWanted("map", lambda: not done.is_set(), lambda _: done.set())
    allow(0)
    with caplog.at_level(logging.WARNING):
        work.wake()
    assert "map: cannot start" in caplog.text
    allow(1)
    work.wake()
    assert done.wait(10)
    work.close()


def test_many_items_without_a_thread_are_refused_in_one_line(allow: Limit) -> None:
    allow(0)
    with pytest.raises(DataError, match="can't start new thread"):
        list(ordered_map(lambda: abs, [1, 2]))


def test_rules_that_cannot_follow_time_leave_their_pins_safe(allow: Limit) -> None:
    class Lamp:
        closed = False

        def follow(self, rule: Rule | None, answer: Answer | None, safe: bool) -> None:
            raise AssertionError("nothing is carried out")

        def close(self) -> None:
            self.closed = True

    lamp = Lamp()
    allow(0)
    with pytest.raises(DataError, match="rules: cannot start"):
        RulesSink((), {(): lamp})
    assert lamp.closed


def test_a_process_of_a_bulk_run_that_nobody_could_hear_is_ended(
    allow: Limit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    job = Job(str(tmp_path), "run", ModelChoice(), "none")
    allow(0)
    with pytest.raises(DataError, match="a process's messages: cannot start"):
        list(LocalEngine(1).work(job, [0]))
    assert [process.poll() is not None for process in started] == [True]
