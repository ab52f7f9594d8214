"""Commands that come back over MQTT: each payload is checked as a whole, and what is not exactly right is refused."""

import re

from whatsit.live.controls import Controls
from whatsit.live.model_selector import ModelSelector
from whatsit.live.sinks.home_assistant import INSTALL, LONGEST_STATE, OFF, ON
from whatsit.validation import short

COMMANDS = ("threshold", "running", "model", "update")
_SHOWN = 80
_NUMBER = re.compile(rb"0|1|0?\.[0-9]{1,16}|1\.0{1,16}")


def obey(controls: Controls, command: str, payload: bytes) -> str | None:
    """Carry out a command.

    Args:
        controls: the engine.
        command: one of ``COMMANDS``.
        payload: what was sent.

    Returns:
        Why not, in one line; None where it was carried out.

    Raises:
        WhatsitError: the model cannot be loaded; the one before goes on.
    """
    if command == "threshold":
        if not _NUMBER.fullmatch(payload):
            return f"threshold {_said(payload)}: expected a number from 0 to 1"
        controls.threshold = float(payload)
        return None
    if command in ("model", "update"):
        return _choose(controls.models, command, payload)
    if command == "running":
        if payload not in (ON.encode(), OFF.encode()):
            return f"running {_said(payload)}: expected {ON} or {OFF}"
        controls.paused = payload == OFF.encode()
        return None
    return f"no command {short(command)}; expected {', '.join(COMMANDS)}"


def _said(payload: bytes) -> str:
    return short(payload[:_SHOWN].decode(errors="replace"))


def _choose(models: ModelSelector | None, command: str, payload: bytes) -> str | None:
    if models is None:
        return f"{command} {_said(payload)}: there is no model to choose"
    if command == "update":
        if payload != INSTALL.encode():
            return f"update {_said(payload)}: expected {INSTALL}"
        models.choose(models.name)
        return None
    by_payload = {name[:LONGEST_STATE].encode(): name for name in models.names}
    if payload not in by_payload:
        return f"model {_said(payload)}: no such model; there are: {', '.join(models.names)}"
    models.choose(by_payload[payload])
    return None
