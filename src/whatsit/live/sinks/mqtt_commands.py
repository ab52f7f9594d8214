"""Commands that come back over MQTT: each payload is checked as a whole, and what is not exactly right is refused."""

import re

from whatsit.live.controls import Controls
from whatsit.live.sinks.home_assistant import OFF, ON
from whatsit.validation import short

_NUMBER = re.compile(rb"0|1|0?\.[0-9]{1,16}|1\.0{1,16}")


def obey(controls: Controls, command: str, payload: bytes) -> str | None:
    """Carry out a command.

    Args:
        controls: the engine.
        command: ``threshold`` or ``running``.
        payload: what was sent.

    Returns:
        Why not, in one line; None where it was carried out.
    """
    if command == "threshold":
        if not _NUMBER.fullmatch(payload):
            return f"threshold {short(payload[:80])}: expected a number from 0 to 1"
        controls.threshold = float(payload)
        return None
    if command == "running":
        if payload not in (ON.encode(), OFF.encode()):
            return f"running {short(payload[:80])}: expected {ON} or {OFF}"
        controls.paused = payload == OFF.encode()
        return None
    return f"no command {short(command)}; expected threshold or running"
