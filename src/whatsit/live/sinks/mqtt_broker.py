"""The connection to an MQTT broker (paho-mqtt): it comes back by itself, and nothing old is sent when it does."""

import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from whatsit.text import one_line

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

_KEEP_ALIVE = 5
"""Seconds: a dead connection is noticed after at most twice this time."""
_CONNECT_TIMEOUT = 3.0
_RECONNECT_AFTER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is, and how to sign in."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    context: ssl.SSLContext | None = None
    """For TLS."""
    client_id: str


class Listener(Protocol):
    """What the connection reports, from a thread of its own; each method must return at once."""

    def connected(self) -> None: ...
    def disconnected(self, reason: str) -> None: ...
    def received(self, topic: str, payload: bytes, retained: bool) -> None: ...


class Broker:
    """Connects in the background, and again a second after each failure.

    Messages are sent with QoS 0 on a clean session: what did not get through before a connection was lost is not
    sent on the next one, where it would come after what is newer. The listener says then what is true now.

    Args:
        address: where to.
        will: topic and payload that the broker publishes, retained, when we are gone.
        topics: what to subscribe to.
        listener: told what happens.
    """

    def __init__(
        self, address: BrokerAddress, will: tuple[str, str], topics: Sequence[str], listener: Listener
    ) -> None:
        from paho.mqtt.client import Client, MQTTv5
        from paho.mqtt.enums import CallbackAPIVersion

        self._topics = list(topics)
        self._accepted = False
        self._listener = listener
        self._client: Client = Client(CallbackAPIVersion.VERSION2, client_id=address.client_id, protocol=MQTTv5)
        self._client.will_set(*will, qos=1, retain=True)
        self._client.username_pw_set(address.user, address.password)
        if address.context is not None:
            self._client.tls_set_context(address.context)
        self._client.connect_timeout = _CONNECT_TIMEOUT
        self._client.reconnect_delay_set(_RECONNECT_AFTER, _RECONNECT_AFTER)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = lambda client, data, message: listener.received(
            message.topic, bytes(message.payload), message.retain
        )
        self._client.connect_async(address.host, address.port, keepalive=_KEEP_ALIVE)
        self._client.loop_start()

    def publish(self, topic: str, payload: str | bytes, retain: bool) -> "Callable[[float], bool] | None":
        """Send a message.

        Returns:
            A function that waits until it is on its way, at most that many seconds, and says whether it is; None
            where there is no connection.
        """
        info = self._client.publish(topic, payload, qos=0, retain=retain)
        return (lambda timeout: _is_sent(info, timeout)) if info.rc == 0 else None

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: "Client", data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._accepted = not reason.is_failure
        if reason.is_failure:
            self._listener.disconnected(f"refused by the broker: {reason}")
            return
        client.subscribe([(topic, 0) for topic in self._topics])
        self._listener.connected()

    def _on_connect_fail(self, client: "Client", data: Any) -> None:
        error = sys.exc_info()[1]  # paho calls this where it caught it, and says nothing else
        reason = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error or "no connection"
        self._listener.disconnected(one_line(reason, 200))

    def _on_disconnect(self, client: "Client", data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if not self._accepted:  # why is known: the broker said so, or no connection was made
            return
        self._accepted = False
        hint = "; another client has the same id: give one of them another id=" if reason.value == 0x8E else ""
        self._listener.disconnected(f"the connection was lost: {reason}{hint}")


def _is_sent(info: "MQTTMessageInfo", timeout: float) -> bool:
    try:
        info.wait_for_publish(timeout)
    except (RuntimeError, ValueError):  # the connection was lost meanwhile
        return False
    return info.is_published() and info.rc == 0
