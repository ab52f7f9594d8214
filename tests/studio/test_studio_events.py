"""The studio's camera beyond its pages: events for programs, sinks and rules of whatsit.toml."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from served import Served

import whatsit
from said import said
from whatsit.datasets.project import Project
from whatsit.errors import DataError, ServerError
from whatsit.live.answer import Answer
from whatsit.models.taught_model import TaughtModel
from whatsit.serving.events import KEPT, MOST_READERS

EVENTS = "/api/v1/events"
Serve = Callable[..., Served]


@pytest.fixture
def using(tmp_path: Path, taught: TaughtModel) -> Callable[[str], Path]:
    """Make a project that uses a model of two places, with more lines in its whatsit.toml."""

    def make(lines: str = "") -> Path:
        with Project(tmp_path / "project") as project:
            taught.save(project.models / "places.tflite")
            (project.path / "whatsit.toml").write_text(f'model = "places"\n{lines}')
            return project.path

    return make


def read(answer: httpx.Response) -> list[dict[str, object]]:
    """The events of a whole answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]


def test_the_camera_is_watched_while_somebody_reads_events(serve: Serve, using: Callable[[], Path]) -> None:
    using()
    running = serve()
    with running.client() as client:
        events = read(client.get(EVENTS, params={"count": 3, "every": "true"}))
    assert len(events) == 3
    labels = {one["label"] for event in events for one in event["predictions"]}  # type: ignore[attr-defined]
    assert labels == {"china", "flower"}
    times = [event["time"] for event in events]
    assert times == sorted(times) and len(set(times)) == 3
    assert set(events[0]) == set(said("mug").to_dict())


def test_the_client_reads_events(serve: Serve, using: Callable[[], Path]) -> None:
    using()
    running = serve()
    with whatsit.Client(running.origin) as client, closing(client.events(every=True)) as events:
        first, second = next(events), next(events)
    assert first["time"] < second["time"] and first["state"] in {"label", "uncertain", "unknown"}


def test_readers_are_bounded_and_their_places_are_free_again(serve: Serve) -> None:
    running = serve(camera="browser:")
    running.studio.outlets.put("taught", said("mug"))
    with whatsit.Client(running.origin) as client:
        readers = [client.events() for _ in range(MOST_READERS)]
        for reader in readers:
            assert next(reader)["label"] == "mug"
        with pytest.raises(ServerError, match="16 programs read events already") as refused:
            next(client.events())
        assert (refused.value.status, refused.value.retry_after) == (503, 5.0)
        for reader in readers:
            reader.close()  # type: ignore[attr-defined]
        left = threading.Event()
        for _ in range(200):
            if left.wait(0.05) or not running.studio.outlets._readers:
                break
        assert next(client.events())["label"] == "mug"


MANY = 5_000


def test_a_slow_reader_has_a_short_queue_and_gets_the_newest(serve: Serve) -> None:
    running = serve(camera="browser:")
    outlets = running.studio.outlets
    heard: list[Answer | None] = []
    with whatsit.Client(running.origin) as client:
        events = client.events()
        outlets.put("taught", said("first"))
        assert next(events)["label"] == "first"
        for number in range(MANY):
            outlets.put("taught", said(f"thing {number}"))
        labels: list[str] = []
        while not labels or labels[-1] != f"thing {MANY - 1}":
            label = next(events)["label"]
            labels += [label] if label else []  # without a picture from a page the camera says that it has none
        numbers = [int(label.split()[1]) for label in labels]
        assert numbers == sorted(numbers) and KEPT <= len(labels) < MANY
        end = outlets.subscribe(heard.append)
        end()
        end()
        assert [answer.label for answer in heard if answer and answer.label] == [f"thing {MANY - 1}"]


@pytest.mark.parametrize("options", [{"count": "0"}, {"count": "x"}, {"count": "9" * 30}, {"every": "maybe"}])
def test_a_wrong_option_is_refused(serve: Serve, options: dict[str, str]) -> None:
    with serve(camera="browser:").client() as client:
        answer = client.get(EVENTS, params=options)
    assert answer.status_code == 400 and "expected" in answer.json()["error"]


def test_events_are_documented_where_there_is_a_camera(serve: Serve) -> None:
    with serve(camera="browser:").client() as client:
        document = client.get("/api/v1/openapi.json").json()
    assert "text/event-stream" in document["paths"][EVENTS]["get"]["responses"]["200"]["content"]


def test_events_want_the_token_too(serve: Serve) -> None:
    running = serve(camera="browser:", token="open-sesame-street")
    running.studio.outlets.put("taught", said("mug"))
    with running.client() as stranger:
        assert stranger.get(EVENTS).status_code == 401
    with whatsit.Client(running.origin, "open-sesame-street") as client:
        assert next(client.events())["label"] == "mug"


def test_the_sinks_of_the_project_get_the_answers_without_any_page(
    serve: Serve, using: Callable[[str], Path], tmp_path: Path
) -> None:
    seen = tmp_path / "seen.jsonl"
    using(
        f'[[sinks]]\nto = "jsonl:{seen}"\nevery = true\n[[sinks]]\nto = "mqtt://me@h?password=env:NOT_SET_ANYWHERE"\n'
    )
    running = serve()
    outlets = running.studio.outlets
    assert any(wait_for(lambda: seen.exists() and len(seen.read_text().splitlines()) > 1))
    works, broken = outlets.sinks
    assert works.connected and broken.error is not None and "NOT_SET_ANYWHERE is missing" in broken.error
    running.studio.camera.choose("synthetic:?object=duck", None)
    lines = len(seen.read_text().splitlines())
    assert any(wait_for(lambda: len(seen.read_text().splitlines()) > lines + 1)), "another camera goes on to the sinks"


def wait_for(condition: Callable[[], bool]) -> Iterator[bool]:
    """Ask until it is so."""
    waiting = threading.Event()
    for _ in range(600):
        yield condition()
        waiting.wait(0.05)


def test_rules_of_the_project_are_carried_out_and_end_safe(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpiozero = pytest.importorskip("gpiozero", reason="gpiozero is not installed")
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    with Project(tmp_path / "project") as project:
        (project.path / "whatsit.toml").write_text('[[rules]]\nlabel = "mug"\nthen = "gpio:17"\n')
    running = serve(camera="browser:")
    outlets, pin = running.studio.outlets, factory.pin(17)
    running.studio.reload_outlets()
    outlets.put("taught", said("mug", time=time.time()))
    assert any(wait_for(lambda: pin.state == 1)) and outlets.on == ("rule 1",)
    outlets.paused = True
    assert any(wait_for(lambda: pin.state == 0))
    outlets.paused = False
    outlets.put("taught", said("mug", time=time.time()))
    assert any(wait_for(lambda: pin.state == 1))
    outlets.close()
    assert pin.state == 0


def test_a_test_reaches_one_sink_and_what_is_true_follows(serve: Serve, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    with Project(tmp_path / "project") as project:
        sinks = "".join(f'[[sinks]]\nto = "jsonl:{file}"\n' for file in (first, second))
        (project.path / "whatsit.toml").write_text(sinks)
    running = serve(camera="browser:")
    running.studio.reload_outlets()
    outlets = running.studio.outlets
    outlets.put("taught", said("mug"))
    outlets.test(0, "a test")
    outlets.put("taught", said("mug"))

    def labels(file: Path) -> list[str]:
        return [json.loads(line)["label"] for line in file.read_text().splitlines()]

    assert any(wait_for(lambda: labels(first) == ["mug", "a test", "mug"])), labels(first)
    assert labels(second) == ["mug"]
    with pytest.raises(DataError, match="sink 3: there is no such sink"):
        outlets.test(2, "a test")


def test_commands_choose_the_model_and_pause_in_the_studio(serve: Serve, using: Callable[[], Path]) -> None:
    using()
    running = serve(camera="browser:")
    steering, studio = running.studio.steering, running.studio
    assert (steering.name, steering.names) == ("places", ("(taught)", "places"))
    steering.choose("(taught)")
    assert steering.name == "(taught)" and studio.project.settings.model == ""
    steering.choose("places")
    assert steering.name == "places" and steering.installed == steering.latest
    assert steering.recogniser.labels == ("china", "flower")  # type: ignore[attr-defined]
    steering.threshold = 0.8
    assert studio.models.get("file:places").threshold == 0.8
    with pytest.raises(DataError, match="expected letters, digits"):
        steering.choose("../places")


def test_a_stream_ends_with_the_server(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    running = serve(camera="browser:")
    running.studio.outlets.put("taught", said("mug"))
    with whatsit.Client(running.origin) as client:
        events = client.events()
        assert next(events)["label"] == "mug"
        running.server.stop()
        assert list(events) == []
    assert not caplog.records


def test_prometheus_reads_what_the_camera_shows(
    serve: Serve, using: Callable[[str], Path], foreign_programs: Callable[..., str]
) -> None:
    using()
    running = serve()
    with running.client() as client:
        read(client.get(EVENTS, params={"count": 3, "every": "true"}))
        for repeated in (False, True, True):
            running.studio.metrics.watch("file:still", replace(said("mug"), repeated=repeated))
        text = client.get("/metrics").text
    code = (
        "from prometheus_client.parser import text_string_to_metric_families as read\n"
        f"found = [s for f in read({text!r}) for s in f.samples]\n"
        "print(sum(s.value for s in found if s.name == 'whatsit_live_answers_total') >= 3)\n"
        "print([s.labels['state'] for s in found if s.name == 'whatsit_camera_state' and s.value == 1])\n"
        "print([s.value < 60 for s in found if s.name == 'whatsit_frame_age_seconds'])\n"
        "repeated = [s for s in found if s.name == 'whatsit_live_repeated_total']\n"
        "print([s.value for s in repeated if s.labels['model'] == 'file:still'])\n"
    )
    assert foreign_programs("-c", code).split("\n")[:4] == ["True", "['live']", "[True]", "[2]"]


def test_metrics_want_the_token_too(serve: Serve) -> None:
    running = serve(camera="browser:", token="open-sesame-street")
    with running.client() as stranger:
        assert stranger.get("/metrics").status_code == 401
        assert stranger.get("/metrics", headers={"authorization": "Bearer open-sesame-street"}).status_code == 200
