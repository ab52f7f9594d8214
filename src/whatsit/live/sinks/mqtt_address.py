"""``mqtt://[user@]host[:port][/topic]`` and ``mqtts://…``: from the address to the sink."""

import re
import socket
import ssl
from hashlib import sha256
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from whatsit.live.sink import SinkKind
from whatsit.live.sinks.home_assistant import Device
from whatsit.live.sinks.mqtt import MqttSink
from whatsit.live.sinks.mqtt_broker import Broker, BrokerAddress
from whatsit.live.sinks.secret import SecretOption
from whatsit.plugins import EXTRAS, Address, FlagOption, TextOption

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOPIC = re.compile(r"[^#+\x00/]+(/[^#+\x00/]+)*")

_PASSWORD = SecretOption("password", "the user's: `env:VARIABLE` or `file:PATH`")
_CA = TextOption("ca", "`mqtts:` a file of certificates to trust in place of the system's")
_DEVICE_ID = TextOption("id", "what Home Assistant knows the device by; by default the project's, else one per machine")
_NAME = TextOption("name", "the device's name there; by default the machine's")
_PREFIX = TextOption("discovery", "Home Assistant's discovery prefix; by default `homeassistant`")
_PRESENT = TextOption("on", "of two classes, the one for which the binary sensor is on")
_NO_PICTURE = FlagOption("no_picture", "do not send the picture of the last change")


def from_address(address: Address) -> MqttSink:
    """The sink at an address.

    Raises:
        DataError: the address is not understood, or a secret is missing.
    """
    url = _checked_url(address)
    password, ca = _PASSWORD.of(address), _CA.of(address)
    if password is not None and not url.username:
        raise address.refusal(f"a password without a user; expected {address.scheme}://user@host")
    device_id = _DEVICE_ID.of(address) or f"whatsit_{_machine()}"
    if not _ID.fullmatch(device_id):
        raise address.refusal(f"id={device_id}: expected at most 64 letters, digits, _ and -")
    base = unquote(url.path.strip("/")) or f"whatsit/{device_id}"
    prefix = _PREFIX.of(address) or "homeassistant"
    for topic in (base, prefix):
        if not _TOPIC.fullmatch(topic) or len(topic) > 200 or topic.startswith("$"):
            raise address.refusal(f"{topic} is not a topic; expected names with / between them, without + and #")
    place = BrokerAddress(
        host=str(url.hostname),
        port=url.port or _PORTS[address.scheme],
        user=unquote(url.username) if url.username else None,
        password=password,
        context=_context(address, ca),
        client_id=device_id,
    )
    return MqttSink(
        f"{address.scheme}://{url.hostname}:{place.port}/{base}",
        Device(device_id, _NAME.of(address) or f"whatsit on {socket.gethostname()}", base, prefix),
        lambda will, topics, listener: Broker(place, will, topics, listener),
        present=_PRESENT.of(address),
        image=not _NO_PICTURE.of(address),
    )


def _checked_url(address: Address) -> SplitResult:
    if "#" in address.target:  # a URL ends there, so that a topic would be another one than was typed
        raise address.refusal("# cannot be part of it; expected a topic without + and #")
    try:
        url = urlsplit(f"{address.scheme}:{address.target}")
        usable = bool(url.hostname) and url.port != 0 and not url.query and not url.fragment
    except ValueError:
        usable = False
    if not usable:
        raise address.refusal(f"expected a broker, such as {address.scheme}://broker.local")
    if url.password is not None:
        raise address.refusal("a password in the address; expected  ?password=env:VARIABLE  or file:PATH")
    return url


def _context(address: Address, ca: str | None) -> ssl.SSLContext | None:
    if address.scheme == "mqtt":
        if ca is not None:
            raise address.refusal("ca goes with mqtts: only")
        return None
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise address.refusal("ca: cannot be read; expected a file of certificates in PEM") from error


def _machine() -> str:
    try:
        machine = Path("/etc/machine-id").read_bytes().strip()
    except OSError:
        machine = b""
    # Never the id itself, which is to stay on the machine (machine-id(5)).
    return sha256(b"whatsit " + (machine or socket.gethostname().encode())).hexdigest()[:12]


_OPTIONS = (_PASSWORD, _CA, _DEVICE_ID, _NAME, _PREFIX, _PRESENT, _NO_PICTURE)

SINK = SinkKind(
    description="an MQTT broker, with Home Assistant's discovery; `mqtts://…` with TLS",
    example="mqtt://…",
    options=_OPTIONS,
    requirement=EXTRAS["mqtt"],
    open=from_address,
)
