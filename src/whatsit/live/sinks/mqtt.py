"""``mqtt://…``: the answer as retained state at an MQTT broker, with Home Assistant's discovery."""

import io
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from whatsit.cameras import Frame
from whatsit.errors import WhatsitError
from whatsit.live.answer import Answer
from whatsit.live.controls import Controls
from whatsit.live.sink_state import Delivery
from whatsit.live.sinks.changes import Changes
from whatsit.live.sinks.home_assistant import (
    CHANGE,
    LONGEST_STATE,
    OFF,
    OFFLINE,
    ON,
    ONLINE,
    Device,
    discovery,
    present_of,
    state_of,
)
from whatsit.live.sinks.mqtt_broker import Broker, Listener
from whatsit.live.sinks.mqtt_commands import COMMANDS, obey
from whatsit.live.sinks.wanted_label import check_label, labels_of
from whatsit.logs import described
from whatsit.parallel import start_thread
from whatsit.text import json_line

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0
"""Seconds between looks at what changes without an answer: camera, model, threshold."""
_PATIENCE = 5.0
_WIDEST = 640
_MOST_EVENTS = 100
_MOST_COMMANDS = 32

Connect = Callable[[tuple[str, str], list[str], Listener], Broker]
"""Connects: the last will, the topics to subscribe to, who is told what happens."""


class MqttSink:
    """Keeps what a broker has retained equal to what is true: what differs is published, all of it after a connect.

    Args:
        name: for messages.
        device: ids and topics.
        connect: makes the connection.
        present: the class for which the binary sensor is on; None: chosen from two. There is no binary sensor while
            the model does not have it.
        image: whether the picture of the last change is sent.
    """

    def __init__(
        self, name: str, device: Device, connect: Connect, *, present: str | None = None, image: bool = True
    ) -> None:
        self.name = name
        self._device = device
        self._chosen_present = present
        self._image = image
        self._changes = Changes()
        self._controls: Controls | None = None
        self._answer: Answer | None = None
        self._frame: Frame | None = None
        """Of the last change, until it is encoded: a broker that is away costs no processor time."""
        self._picture: bytes | None = None
        self._events: deque[tuple[str, str]] = deque(maxlen=_MOST_EVENTS)
        self._guard = threading.Lock()
        self._retained: dict[str, str | bytes] = {}
        self._connections = self._seen_connections = 0
        self._connected = self._ended = False
        self._delivery = Delivery()
        self._commands: deque[tuple[str, bytes]] = deque()
        self._model = 0
        self._wake = threading.Event()
        will = (device.topic("availability"), OFFLINE)
        topics = [device.birth_topic, device.discovery_topic, *(device.topic(f"{name}/set") for name in COMMANDS)]
        self._broker = connect(will, topics, self)
        self._thread = start_thread("mqtt", self._look)

    @property
    def delivery(self) -> Delivery:
        """What came of the answers so far."""
        return self._delivery

    def attach(self, controls: Controls) -> None:
        """Take commands for the engine."""
        self._controls = controls

    def send(self, answer: Answer) -> bool:
        """Publish the answer where it is news: now, or on the next connection if it is still the newest then.

        Raises:
            DataError: the model has no such label as ``present``; all but the binary sensor is published.
        """
        if answer.model != self._model:  # the first answer of another model is news, also where it says the same
            self._model, self._changes = answer.model, Changes()
        if not self._changes.is_news(answer):
            return False
        with self._guard:
            self._answer = answer
            if self._image and answer.frame is not None and answer.frame.image.size:
                self._frame = answer.frame
            event = state_of(answer, self._present)
            self._events.append((self._device.topic("change"), json_line({"event_type": CHANGE, **event})))
        self._changes.written(answer)
        self._publish()
        if self._chosen_present is not None:
            check_label(self._chosen_present, labels_of(self._controls))
        return True

    def close(self) -> None:
        """Say that we are offline, and disconnect."""
        self._ended = True
        self._wake.set()
        self._thread.join()
        sent = self._broker.publish(self._device.topic("availability"), OFFLINE, True)
        if sent is not None:
            sent(1.0)
        self._broker.close()

    def connected(self) -> None:
        """The connection is there: everything is published on it."""
        if self._delivery.failing_since is not None:
            _log.warning("%s works again", self.name)
        self._delivery = self._delivery.sent(time.time())
        self._connections += 1
        self._connected = True
        self._wake.set()

    def disconnected(self, reason: str) -> None:
        """The connection failed or is gone."""
        self._connected = False
        if self._ended:
            return
        if self._delivery.failing_since is None:
            _log.warning("%s failed: %s; trying again", self.name, reason)
        self._delivery = self._delivery.failed(time.time(), reason)

    def received(self, topic: str, payload: bytes, retained: bool) -> None:
        """A message: Home Assistant has started, somebody cleared the discovery message, or a command."""
        if topic == self._device.birth_topic:
            self._connections += payload == ONLINE.encode() and not retained
        elif topic == self._device.discovery_topic:
            self._connections += not payload
        elif self._controls is not None and not retained:  # a retained command would come again at each connect
            command = topic.removeprefix(f"{self._device.base}/").removesuffix("/set")
            if len(self._commands) < _MOST_COMMANDS:
                self._commands.append((command, payload))  # loading a model takes longer than this thread may
            else:
                self._refuse(command, f"{_MOST_COMMANDS} commands are waiting; send it again")
        self._wake.set()

    def _obey(self, controls: Controls, command: str, payload: bytes) -> None:
        try:
            refusal = obey(controls, command, payload)
        except WhatsitError as error:
            refusal = str(error)
        if refusal is not None:
            self._refuse(command, refusal)
        with self._guard:
            self._retained.pop(self._device.topic(command), None)  # publishing it again is the acknowledgement

    def _refuse(self, command: str, why: str) -> None:
        _log.warning("%s: a command was refused: %s", self.name, why)
        with self._guard:
            self._events.append((self._device.topic("refused"), json_line({"command": command, "why": why})))

    @property
    def _present(self) -> str | None:
        labels, chosen = labels_of(self._controls), self._chosen_present
        if chosen is None:
            return present_of(labels)
        return chosen if chosen in labels or not labels else None

    def _true(self) -> dict[str, str | bytes]:
        """What is to be retained, by topic."""
        device, controls = self._device, self._controls
        models = controls.models if controls is not None else None
        names = models.names if models is not None else ()
        found: dict[str, str | bytes] = {
            device.discovery_topic: json.dumps(discovery(device, self._present, names, image=self._image))
        }
        if models is not None:
            versions = {"installed_version": models.installed, "latest_version": models.latest}
            found[device.topic("model")] = models.name[:LONGEST_STATE]
            found[device.topic("update")] = json_line(versions)
        if self._answer is not None:
            found[device.topic("state")] = json_line(state_of(self._answer, self._present))
        if self._frame is not None:
            self._picture, self._frame = _jpeg(self._frame), None
        if self._picture is not None:
            found[device.topic("picture")] = self._picture
        if controls is not None:
            found[device.topic("threshold")] = f"{controls.threshold:.6g}"
            found[device.topic("running")] = OFF if controls.paused else ON
            if controls.camera is not None:
                found[device.topic("camera")] = controls.camera.state.value
        found[device.topic("availability")] = ONLINE
        return found

    def _publish(self) -> None:
        sent = None
        with self._guard:
            if not self._connected:
                return
            connections = self._connections
            if connections != self._seen_connections:
                self._retained.clear()
            for topic, payload in self._true().items():
                if self._retained.get(topic) != payload:
                    sent = self._broker.publish(topic, payload, True)
                    if sent is None:
                        return
                    self._retained[topic] = payload
            while self._events:
                sent = self._broker.publish(*self._events.popleft(), False)
            self._seen_connections = connections
        # What waits for a dead connection ends with it: the newest answer, not a queue, goes out on the next one.
        if sent is not None and sent(_PATIENCE) and self._connected:
            self._delivery = self._delivery.sent(time.time())

    def _look(self) -> None:
        while not self._ended:
            self._wake.wait(_LOOK_EVERY)
            self._wake.clear()
            try:
                while self._commands and self._controls is not None and not self._ended:
                    self._obey(self._controls, *self._commands.popleft())
                self._publish()
            except Exception as error:
                _log.error("%s: nothing is published: %s", self.name, described(error), exc_info=True)


def _jpeg(frame: Frame) -> bytes:
    from PIL import Image

    picture = Image.fromarray(frame.image)
    picture.thumbnail((_WIDEST, _WIDEST))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()
