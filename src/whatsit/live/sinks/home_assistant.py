"""What Home Assistant is told over MQTT: one discovery message for the device, and the payloads of its entities.

The message is that of "MQTT device discovery" in Home Assistant's documentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from whatsit.cameras import CameraState
from whatsit.live.answer import Answer
from whatsit.live.answer_state import AnswerState
from whatsit.version import VERSION

ONLINE, OFFLINE, ON, OFF = "online", "offline", "ON", "OFF"
CHANGE = "change"
INSTALL = "install"
LONGEST_STATE = 255
"""Characters of a state, Home Assistant's limit."""
_ABSENT = ("no", "not", "off", "none", "empty", "closed", "background", "nothing", "without", "absent", "negative")


@dataclass(frozen=True, slots=True)
class Device:
    """What Home Assistant sees as one device."""

    id: str
    """Part of every ``unique_id``: letters, digits, ``_`` and ``-``."""
    name: str
    base: str
    """Every topic of ours begins with it."""
    prefix: str = "homeassistant"
    """Home Assistant's discovery prefix."""

    @property
    def discovery_topic(self) -> str:
        """Where the discovery message goes."""
        return f"{self.prefix}/device/{self.id}/config"

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    def topic(self, name: str) -> str:
        """A topic of ours."""
        return f"{self.base}/{name}"


def discovery(device: Device, present: str | None, models: Sequence[str] = (), *, image: bool) -> dict[str, Any]:
    """The discovery message.

    Args:
        present: the class for which the binary sensor is on; None: no binary sensor.
        models: those that can be chosen; none: nothing is to be chosen or updated.
        image: whether the picture of the last change is sent.
    """
    return {
        "device": {
            "identifiers": [device.id],
            "name": device.name,
            "manufacturer": "whatsit",
            "sw_version": VERSION,
        },
        "origin": {"name": "whatsit", "sw_version": VERSION},
        "availability_topic": device.topic("availability"),
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "components": {
            name: {**component, "unique_id": f"{device.id}_{name}", "object_id": f"{device.id}_{name}"}
            if len(component) > 1
            else component
            for name, component in _components(device, present, models, image).items()
        },
    }


def _components(device: Device, present: str | None, models: Sequence[str], image: bool) -> dict[str, dict[str, Any]]:
    state = device.topic("state")
    choice = {
        "name": "Model",
        "state_topic": device.topic("model"),
        "command_topic": device.topic("model/set"),
        "options": [name[:LONGEST_STATE] for name in models],
        "entity_category": "config",
    }
    update = {
        "name": "Model update",
        "state_topic": device.topic("update"),
        "command_topic": device.topic("update/set"),
        "payload_install": INSTALL,
        "entity_category": "config",
    }
    binary = {"name": present, "state_topic": state, "value_template": "{{ value_json.on }}"}
    return {
        "answer": {
            "platform": "sensor",
            "name": "Answer",
            "state_topic": state,
            "value_template": "{{ value_json.value }}",
            "json_attributes_topic": state,
        },
        # A component with nothing but its platform takes away one that an earlier message announced.
        "present": {"platform": "binary_sensor", **(binary if present is not None else {})},
        "picture": {
            "platform": "image",
            **({"name": "Last change", "image_topic": device.topic("picture")} if image else {}),
        },
        "change": {
            "platform": "event",
            "name": "Change",
            "state_topic": device.topic("change"),
            "event_types": [CHANGE],
        },
        "camera": {
            "platform": "sensor",
            "name": "Camera",
            "state_topic": device.topic("camera"),
            "device_class": "enum",
            "options": [state.value for state in CameraState],
            "entity_category": "diagnostic",
        },
        "threshold": {
            "platform": "number",
            "name": "Threshold",
            "state_topic": device.topic("threshold"),
            "command_topic": device.topic("threshold/set"),
            "min": 0,
            "max": 1,
            "step": 0.01,
            "mode": "box",
            "entity_category": "config",
        },
        "running": {
            "platform": "switch",
            "name": "Running",
            "state_topic": device.topic("running"),
            "command_topic": device.topic("running/set"),
            "entity_category": "config",
        },
        "model": {"platform": "select", **(choice if models else {})},
        "update": {"platform": "update", **(update if models else {})},
    }


def state_of(answer: Answer, present: str | None) -> dict[str, Any]:
    """The state of the sensors: ``value`` is the label, or what is said in place of one; the rest are attributes."""
    known = answer.state is AnswerState.LABEL
    return {
        "value": (answer.label or "")[:LONGEST_STATE] if known else answer.state.value,
        "state": answer.state.value,
        "label": answer.label if known else None,
        "nearest": answer.label,
        "score": round(answer.score, 4),
        "unknown": answer.predictions.unknown,
        "distance": answer.predictions.distance,
        "on": None if present is None or not known else ON if answer.label == present else OFF,
        "since": datetime.fromtimestamp(answer.time, UTC).isoformat(timespec="milliseconds") if answer.time else None,
    }


def present_of(labels: Sequence[str]) -> str | None:
    """Of two classes, the one that says that something is there; None where there are not two.

    It is the one whose name does not begin with a word such as "no", "empty" or "background"; where that does not tell
    them apart, the second.
    """
    if len(labels) != 2:
        return None
    first, second = labels
    return first if _is_absent(second) and not _is_absent(first) else second


def _is_absent(label: str) -> bool:
    return label.casefold().replace("_", " ").replace("-", " ").split()[:1] in [[word] for word in _ABSENT]
