"""More requests than can be answered: what was accepted is answered, the rest is refused at once."""

import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from model_server import Serving, Slow, serving, until


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """Every model is one that waits."""
    model = Slow()
    monkeypatch.setattr("whatsit.serving.shelf.load_recogniser", lambda *_: model)
    yield model
    model.go_on.set()


def ask(running: Serving, picture: bytes, count: int = 1) -> httpx.Response:
    with running.client() as client:
        return client.post("/api/v1/classify", files=[("image", picture)] * count)


def queue(running: Serving) -> int:
    """Pictures that wait, as the metrics say."""
    with running.client() as client:
        lines = client.get("/metrics").text.splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("whatsit_queue_pictures "))


def test_beyond_the_queue_requests_are_refused_with_a_time_and_accepted_ones_are_answered(
    slow: Slow, places_file, china: bytes
) -> None:
    with serving(places_file, workers=1, waiting=1) as running, ThreadPoolExecutor(2) as others:
        first = others.submit(ask, running, china)
        assert slow.begun.acquire(timeout=30)
        second = others.submit(ask, running, china)
        until(lambda: queue(running) == 1)
        refused = ask(running, china)
        assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
        assert "1 pictures are waiting" in refused.json()["error"]
        slow.go_on.set()
        assert [one.result().status_code for one in (first, second)] == [200, 200]
        assert ask(running, china).status_code == 200


def test_a_refused_request_leaves_its_connection_usable(slow: Slow, places_file, china: bytes) -> None:
    with serving(places_file, workers=1, waiting=0) as running, ThreadPoolExecutor(1) as others:
        first = others.submit(ask, running, china)
        assert slow.begun.acquire(timeout=30)
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
        headers = {"content-type": "image/jpeg"}
        for _ in range(2):
            connection.request("POST", "/api/v1/classify", china, headers)
            answer = connection.getresponse()
            assert answer.status == 503 and answer.read()
        slow.go_on.set()
        assert first.result().status_code == 200
        connection.request("POST", "/api/v1/classify", china, headers)
        assert connection.getresponse().status == 200
        connection.close()


def test_who_leaves_gives_up_the_place(slow: Slow, places_file, china: bytes) -> None:
    with serving(places_file, workers=1, waiting=1) as running, ThreadPoolExecutor(2) as others:
        first = others.submit(ask, running, china)
        assert slow.begun.acquire(timeout=30)
        leaving = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
        leaving.request("POST", "/api/v1/classify", china, {"content-type": "image/jpeg"})
        until(lambda: queue(running) == 1)
        leaving.close()
        until(lambda: queue(running) == 0)
        third = others.submit(ask, running, china)
        until(lambda: queue(running) == 1)
        slow.go_on.set()
        assert [one.result().status_code for one in (first, third)] == [200, 200]
        assert slow.begun.acquire(timeout=30) and not slow.begun.acquire(blocking=False)  # the one that left never ran


def test_pictures_of_one_request_are_at_work_on_all_workers(slow: Slow, places_file, china: bytes) -> None:
    with serving(places_file, workers=2, waiting=0) as running, ThreadPoolExecutor(1) as others:
        several = others.submit(ask, running, china, 3)
        assert slow.begun.acquire(timeout=30) and slow.begun.acquire(timeout=30)
        slow.go_on.set()
        assert len(several.result().json()["answers"]) == 3
