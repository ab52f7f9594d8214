"""MQTT and Home Assistant, with Debian's Mosquitto: what is retained is what is true, whatever happens in between."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mosquitto import LONG, Mosquitto, Observer, needs_mosquitto
from numpy.typing import NDArray

from said import said
from whatsit.cameras import CameraState, SharedCamera
from whatsit.errors import DataError
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.answer_state import AnswerState
from whatsit.live.engine import Live
from whatsit.live.model_selector import FileSelector
from whatsit.live.recogniser import Recogniser
from whatsit.live.sink import Sink
from whatsit.live.sink_thread import SinkThread
from whatsit.live.sinks import SINKS, open_sink
from whatsit.live.sinks.home_assistant import Device, discovery, present_of, state_of
from whatsit.live.sinks.list_sink import ListSink
from whatsit.live.sinks.mqtt import MqttSink
from whatsit.live.sinks.mqtt_broker import Broker
from whatsit.live.sinks.mqtt_commands import obey
from whatsit.models.prediction import Prediction, Predictions
from whatsit.models.taught_model import TaughtModel

pytest.importorskip("paho.mqtt", reason="the extra mqtt is not installed")
CONFIG = "homeassistant/device/shelf/config"
CAMERA = "synthetic:?fps=0&size=64x48"
HELD = float(os.environ.get("WHATSIT_HELD_SECONDS", "0"))
"""For how long the network is held up after that was noticed."""


class Door:
    """A recogniser of two classes that sees one of them."""

    preprocess = Preprocess(8, 8)

    def __init__(self, *labels: str, sure: float = 0.9) -> None:
        self.labels = labels
        self.sure = sure

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        return Predictions(tuple(Prediction(label, self.sure - at / 2, at) for at, label in enumerate(self.labels)))


class Engine:
    """What a command can reach."""

    def __init__(self) -> None:
        self.threshold = 0.5
        self.paused = False
        self.recogniser: Recogniser = Door("open", "closed")
        self.camera: SharedCamera | None = None
        self.models: FileSelector | None = None

    def use(self, recogniser: Recogniser) -> None:
        self.recogniser = recogniser


Opened = Callable[..., tuple[SinkThread, Any]]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def observer(broker: Mosquitto) -> Iterator[Observer]:
    made = Observer(broker.port)
    yield made
    made.close()


@pytest.fixture
def sink(broker: Mosquitto, observer: Observer) -> Iterator[SinkThread]:
    """A sink at the broker, announced."""
    made = open_sink(f"mqtt://127.0.0.1:{broker.port}/shelf?id=shelf&name=Shelf")
    made.attach(Engine())  # type: ignore[attr-defined]
    thread = SinkThread(made, lambda: None)
    observer.wait(lambda last: last.get("shelf/availability") == b"online")
    yield thread
    thread.close(LONG)


def value(last: dict[str, bytes]) -> object:
    return json.loads(last.get("shelf/state") or b"{}").get("value")


@needs_mosquitto
def test_home_assistant_finds_one_device_and_its_state(sink: SinkThread, observer: Observer) -> None:
    sink.put(said("open", time=5.0))
    observer.wait(lambda last: value(last) == "open" and last.get("shelf/picture") and last.get("shelf/change"))
    config = json.loads(observer.last[CONFIG])
    assert config["device"]["identifiers"] == ["shelf"] and config["origin"]["name"] == "whatsit"
    state = json.loads(observer.last["shelf/state"])
    assert (state["score"], state["nearest"], state["unknown"], state["on"]) == (0.75, "open", False, "ON")
    assert state["since"] == "1970-01-01T00:00:05.000+00:00"
    assert observer.last["shelf/picture"].startswith(b"\xff\xd8")
    assert json.loads(observer.last["shelf/change"])["event_type"] == "change"
    named = {
        topic for component in config["components"].values() for key, topic in component.items() if "_topic" in key
    }
    announced = {topic for topic in named if not topic.endswith("/set")}
    assert announced - {"shelf/camera"} <= set(observer.last), "each state that is announced is there"


@needs_mosquitto
def test_killed_and_started_again_the_broker_gets_everything_again(
    sink: SinkThread, observer: Observer, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    sink.put(said("open"))
    observer.wait(lambda last: value(last) == "open")
    broker.kill()
    observer.forget()
    sink.put(said("closed"))
    broker.start()
    observer.wait(lambda last: value(last) == "closed" and last.get("shelf/availability") == b"online")
    assert CONFIG in observer.last
    assert sink.state.connected and "the connection was lost" in caplog.text and "works again" in caplog.text


@needs_mosquitto
def test_after_a_network_that_was_held_up_the_newest_state_is_there(
    sink: SinkThread, observer: Observer, broker: Mosquitto
) -> None:
    sink.put(said("open"))
    observer.wait(lambda last: value(last) == "open")
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)  # connections stay, and nothing goes through
    try:
        for number in range(200):
            sink.put(said(f"thing {number}"))
        held = threading.Event()
        while sink.state.failing_since is None or time.time() - sink.state.failing_since < HELD:
            held.wait(0.2)
        sink.put(said("closed"))
    finally:
        broker.process.send_signal(signal.SIGCONT)
    begun = time.monotonic()
    observer.wait(lambda last: value(last) == "closed" and last.get("shelf/availability") == b"online")
    print(f"right again after {time.monotonic() - begun:.1f} s")
    observer.publish("shelf/threshold/set", "0.7")  # and it stays right, whatever old connections end in
    observer.wait(lambda last: last.get("shelf/threshold") == b"0.7" and last["shelf/availability"] == b"online")


@needs_mosquitto
def test_a_birth_message_and_a_cleared_discovery_bring_everything_again(sink: SinkThread, observer: Observer) -> None:
    sink.put(said("open"))
    observer.wait(lambda last: value(last) == "open")
    observer.forget()
    observer.publish("homeassistant/status", "online")
    observer.wait(lambda last: CONFIG in last and value(last) == "open")
    observer.publish(CONFIG, "", retain=True)
    observer.wait(lambda last: last.get(CONFIG))


@needs_mosquitto
def test_of_ten_thousand_changes_the_final_state_arrives(sink: SinkThread, observer: Observer) -> None:
    for number in range(10_000):
        sink.put(said(f"thing {number}"))
    observer.wait(lambda last: value(last) == "thing 9999")
    values = [json.loads(payload)["value"] for topic, payload in observer.all if topic == "shelf/state"]
    numbers = [int(one.split()[1]) for one in values]
    assert numbers == sorted(numbers), "an older state never comes after a newer one"


@needs_mosquitto
def test_commands_are_carried_out_acknowledged_or_refused(sink: SinkThread, observer: Observer) -> None:
    engine: Engine = sink._sink._controls  # type: ignore[attr-defined]
    for command, payload, acknowledged in (("threshold", "0.85", b"0.85"), ("running", "OFF", b"OFF")):
        observer.publish(f"shelf/{command}/set", payload)
        observer.wait(lambda last, c=command, a=acknowledged: last.get(f"shelf/{c}") == a)  # type: ignore[misc]
    assert (engine.threshold, engine.paused) == (0.85, True)
    observer.publish("shelf/threshold/set", "a lot")
    observer.wait(lambda last: "shelf/refused" in last)
    assert json.loads(observer.last["shelf/refused"])["why"] == "threshold 'a lot': expected a number from 0 to 1"
    assert engine.threshold == 0.85


@needs_mosquitto
def test_the_model_is_chosen_and_brought_up_to_date_by_commands(
    sink: SinkThread, observer: Observer, tmp_path: Path, taught: TaughtModel
) -> None:
    engine: Engine = sink._sink._controls  # type: ignore[attr-defined]
    files = {name: tmp_path / f"{name}.tflite" for name in ("places", "broken")}
    files["places"].write_bytes(taught.to_tflite())
    files["broken"].write_bytes(b"nothing")
    before = engine.recogniser
    engine.models = FileSelector(lambda: files, "broken", engine.use)
    observer.wait(lambda last: last.get("shelf/model") == b"broken")
    components = json.loads(observer.last[CONFIG])["components"]
    assert components["model"]["options"] == ["places", "broken"]
    assert components["update"]["platform"] == "update"
    observer.publish("shelf/model/set", "places")
    observer.wait(lambda last: last.get("shelf/model") == b"places")
    assert engine.recogniser is not before and engine.recogniser.labels == ("china", "flower")  # type: ignore[attr-defined]

    os.utime(files["places"], (1e9, 1e9))
    newer = {"installed_version": engine.models.installed, "latest_version": "2001-09-09 01:46:40"}
    observer.wait(lambda last: json.loads(last.get("shelf/update") or b"{}") == newer)
    observer.publish("shelf/update/set", "install")
    newest = dict.fromkeys(newer, "2001-09-09 01:46:40")
    observer.wait(lambda last: json.loads(last["shelf/update"]) == newest)

    used = engine.recogniser
    for command, payload, why in (
        ("model", "../places", "no such model; there are: places, broken"),
        ("model", "broken", "broken.tflite"),
        ("update", "now", "expected install"),
    ):
        observer.publish(f"shelf/{command}/set", payload)
        observer.wait(lambda last, why=why: why in json.loads(last.get("shelf/refused") or b'{"why": ""}')["why"])  # type: ignore[misc]
        assert engine.recogniser is used and engine.models.name == "places"


@needs_mosquitto
def test_a_retained_command_is_not_obeyed_at_each_connect(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    observer = Observer(broker.port)
    observer.publish("shelf/running/set", "OFF", retain=True)
    engine = Engine()
    sink: Any = open_sink(f"mqtt://127.0.0.1:{broker.port}/shelf?id=shelf")
    sink.attach(engine)
    observer.wait(lambda last: "shelf/availability" in last)
    observer.publish("shelf/threshold/set", "0.7")  # comes after the retained one
    observer.wait(lambda last: last.get("shelf/threshold") == b"0.7")
    assert not engine.paused
    sink.close()
    observer.close()
    broker.kill()


@needs_mosquitto
def test_the_end_and_a_lost_connection_are_said_as_offline(sink: SinkThread, observer: Observer) -> None:
    sink.close(LONG)
    observer.wait(lambda last: last["shelf/availability"] == b"offline")


@needs_mosquitto
def test_another_model_brings_another_announcement_and_its_state(broker: Mosquitto, observer: Observer) -> None:
    seen = ListSink()
    sinks: list[Sink] = [open_sink(f"mqtt://127.0.0.1:{broker.port}/shelf?id=shelf"), seen]
    with Live(CAMERA, Door("mug", "book", "duck"), sinks) as live:
        observer.wait(lambda last: value(last) == "mug" and last.get("shelf/camera") == b"live")
        assert json.loads(observer.last[CONFIG])["components"]["present"] == {"platform": "binary_sensor"}
        live.recogniser = Door("door open", "no door")
        observer.wait(lambda last: value(last) == "door open")
        observer.wait(lambda last: len(json.loads(last[CONFIG])["components"]["present"]) > 1)
        assert json.loads(observer.last["shelf/state"])["on"] == "ON"
        live.recogniser = Door("door open", "no door", sure=0.7)  # what says the same is said again
        observer.wait(lambda last: json.loads(last["shelf/state"])["score"] == 0.7)
        observer.publish("shelf/running/set", "OFF")
        observer.wait(lambda last: value(last) == "stale")


@needs_mosquitto
def test_the_first_answer_of_another_model_is_published_also_where_it_says_the_same(
    sink: SinkThread, observer: Observer
) -> None:
    sink.put(said("open"))
    observer.wait(lambda last: value(last) == "open")
    sink.put(replace(said("open"), score=0.8))
    sink.put(replace(said("open"), score=0.7, model=1))
    observer.wait(lambda last: json.loads(last["shelf/state"])["score"] == 0.7)


# paho leaves a socket whose handshake failed to Python's reference counting.
@pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")
@needs_mosquitto
def test_a_password_and_tls_are_used_and_their_lack_is_said_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = tmp_path / "broker.pem", tmp_path / "broker.key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run([*made, *names], check=True, capture_output=True)
    broker = Mosquitto(tmp_path, f"certfile {certificate}", f"keyfile {key}", password="s3cr3t")
    observer = Observer(broker.port, "s3cr3t", certificate)
    monkeypatch.setenv("RIGHT", "s3cr3t")
    monkeypatch.setenv("WRONG", "gu3ss")
    for user, options, expected in (
        ("me@", f"password=env:WRONG&ca={certificate}", "refused by the broker: Not authorized"),
        ("", f"ca={certificate}", "refused by the broker: Not authorized"),
        ("me@", "password=env:RIGHT", "self-signed certificate"),
        ("me@", f"password=env:RIGHT&ca={certificate}", None),
    ):
        sink: Any = open_sink(f"mqtts://{user}localhost:{broker.port}/shelf?id=shelf&{options}")
        thread = SinkThread(sink, lambda: None)
        if expected is None:
            observer.wait(lambda last: last.get("shelf/availability") == b"online")
            assert thread.state.connected
        else:
            assert wait_until(lambda thread=thread: thread.state.error, sink), "no error came"  # type: ignore[misc]
            assert expected in str(thread.state.error)
        thread.close(LONG)
    assert "s3cr3t" not in caplog.text and "gu3ss" not in caplog.text
    observer.close()
    broker.kill()


def wait_until(condition: Callable[[], object], sink: Any) -> bool:
    """Wait for what the connection's thread reports."""
    import threading

    reported, disconnected = threading.Event(), sink.disconnected

    def report(reason: str) -> None:
        disconnected(reason)
        reported.set()

    sink.disconnected = report
    return bool(condition()) or reported.wait(LONG)


def test_each_entity_has_an_id_that_stays_and_follows_the_documented_rules() -> None:
    device = Device("shelf", "Shelf", "shelf")
    message = discovery(device, "open", ("a", "b"), image=True)
    renamed = discovery(replace(device, name="Other"), "open", ("a", "b"), image=True)
    components = message["components"]
    ids = [component["unique_id"] for component in components.values()]
    assert ids == [component["unique_id"] for component in renamed["components"].values()]
    assert len(set(ids)) == len(ids) == 9 and message["device"]["identifiers"] and message["origin"]["name"]
    needed = {
        "sensor": {"state_topic"},
        "binary_sensor": {"state_topic"},
        "image": {"image_topic"},
        "event": {"state_topic", "event_types"},
        "number": {"command_topic"},
        "switch": {"command_topic"},
        "select": {"command_topic", "options"},
        "update": {"state_topic"},
    }
    for component in components.values():
        assert needed[component["platform"]] <= set(component)
    camera = components["camera"]
    assert (camera["device_class"], camera["options"]) == ("enum", [state.value for state in CameraState])
    without = discovery(device, None, image=False)["components"]
    assert without["present"] == {"platform": "binary_sensor"} and without["picture"] == {"platform": "image"}
    assert without["model"] == {"platform": "select"} and without["update"] == {"platform": "update"}


@pytest.mark.parametrize(
    ("labels", "present"),
    [
        (("empty", "mug"), "mug"),
        (("mug", "no_mug"), "mug"),
        (("No mug", "mug"), "mug"),
        (("north", "south"), "south"),
        (("a", "b", "c"), None),
        ((), None),
    ],
)
def test_of_two_classes_the_one_that_is_there_turns_the_sensor_on(labels: tuple[str, ...], present: str | None) -> None:
    assert present_of(labels) == present


def test_what_is_not_known_is_neither_on_nor_off() -> None:
    for state in AnswerState:
        found = state_of(said("mug", state), "mug")
        known = state is AnswerState.LABEL
        assert (found["value"], found["on"]) == (("mug", "ON") if known else (state.value, None))
    assert state_of(said("x" * 300), None)["value"] == "x" * 255


class Heard:
    """A broker that keeps what is published."""

    def __init__(self) -> None:
        self.last: dict[str, str | bytes] = {}

    def publish(self, topic: str, payload: str | bytes, retain: bool) -> Callable[[float], bool]:
        self.last[topic] = payload
        return lambda timeout: True

    def close(self) -> None:
        """Nothing."""


def test_a_label_that_the_model_does_not_have_is_said_and_no_other_takes_its_place() -> None:
    heard, engine = Heard(), Engine()
    engine.recogniser = Door("ball", "box")
    made = MqttSink(
        "mqtt://here", Device("shelf", "Shelf", "shelf"), lambda *_: cast(Broker, heard), present="bal", image=False
    )
    made.attach(engine)
    made.connected()
    with pytest.raises(DataError, match="on=bal: the model has no such label; did you mean ball\\? it has ball, box"):
        made.send(said("ball"))
    assert json.loads(heard.last["shelf/state"])["on"] is None
    assert json.loads(heard.last[CONFIG])["components"]["present"] == {"platform": "binary_sensor"}
    engine.recogniser = Door("bal", "box")  # another model has it
    assert made.send(said("bal")) and json.loads(heard.last["shelf/state"])["on"] == "ON"
    made.close()


def test_a_hundred_thousand_malformed_commands_change_nothing() -> None:
    engine, chance = Engine(), random.Random(1)
    engine.models = FileSelector(lambda: {"places": Path("places.tflite")}, "places", engine.use)
    alphabet = b"0123456789.eE+-naifON \x00\xff\xd9"
    for _ in range(100_000):
        payload = bytes(chance.choices(alphabet, k=chance.randrange(12)))
        command = chance.choice(("threshold", "running", "model", "update", "", "threshold/set"))
        if obey(engine, command, payload) is None:
            assert payload in (b"ON", b"OFF") if command == "running" else 0 <= float(payload) <= 1
            engine = Engine()
        assert (engine.threshold, engine.paused) == (0.5, False)


@given(st.floats(0, 1).map(lambda number: f"{number:.4f}"))
def test_every_number_that_home_assistant_sends_is_taken(payload: str) -> None:
    engine = Engine()
    assert obey(engine, "threshold", payload.encode()) is None and engine.threshold == float(payload)


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("mqtt:", "expected a broker"),
        ("mqtt://", "expected a broker"),
        ("mqtt://host:0", "expected a broker"),
        ("mqtt://me:hidden@host", "a password in the address; expected"),
        ("mqtt://host?password=env:PATH", "a password without a user"),
        ("mqtt://me@host?password=hidden", "expected env:VARIABLE or file:PATH"),
        ("mqtt://host/a/%23", "is not a topic"),
        ("mqtt://host/a/#", "expected a topic without \\+ and #"),
        ("mqtt://host/a/+/b", "a/\\+/b is not a topic"),
        ("mqtt://host/$SYS/x", "is not a topic"),
        ("mqtt://host?id=a/b", "id=a/b: expected at most 64"),
        ("mqtt://host?ca=x", "ca goes with mqtts: only"),
        ("mqtts://host?ca=/no/such", "ca: cannot be read"),
        ("mqtt://me:hidden@host?colour=red", "no option named 'colour'"),
        ("mqtt://me@host?passwort=hidden", "no option named 'passwort'"),
        ("mqtt://me@host?Password=hidden", "expected a broker"),
    ],
)
def test_a_broker_s_address_that_cannot_be_used_is_refused_in_one_line(uri: str, named: str) -> None:
    with pytest.raises(DataError, match=named) as raised:
        open_sink(uri)
    assert "hidden" not in str(raised.value)


def test_one_row_says_both_schemes() -> None:
    assert SINKS["mqtt"] is SINKS["mqtts"]
