"""Debian's Mosquitto on loopback, and a client that sees what it has retained."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LONG = 30.0
PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_mosquitto = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed: tools/debian_packages.sh")


class Mosquitto:
    """A broker with a port for itself, without persistence: killed, it forgets everything."""

    def __init__(self, folder: Path, *lines: str, password: str | None = None) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = [f"listener {self.port} 127.0.0.1", "persistence false", "user root", *lines]
        if password is not None:
            passwords = folder / "passwords"
            subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "me", password], check=True, capture_output=True)
            settings.append(f"password_file {passwords}")
        settings.append(f"allow_anonymous {'true' if password is None else 'false'}")
        (folder / "mosquitto.conf").write_text("\n".join(settings) + "\n")
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        assert PROGRAM is not None
        command = [PROGRAM, "-c", str(self.folder / "mosquitto.conf")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        lines: list[str] = []
        while not (lines and "running" in lines[-1]):
            lines.append(self.process.stderr.readline())
            assert lines[-1], lines
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def kill(self) -> None:
        """End it without a goodbye."""
        assert self.process is not None and self.process.stderr is not None
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()


class Observer:
    """Subscribes to everything and keeps the last payload of each topic, and all that was not retained."""

    def __init__(self, port: int, password: str | None = None, ca: Path | None = None) -> None:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self.last: dict[str, bytes] = {}
        self.all: list[tuple[str, bytes]] = []
        self.changed = threading.Condition()
        self.client = Client(CallbackAPIVersion.VERSION2)
        if password is not None:
            self.client.username_pw_set("me", password)
        if ca is not None:
            self.client.tls_set(ca_certs=str(ca))
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe("#")
        self.client.on_message = self._keep
        self.client.connect("127.0.0.1" if ca is None else "localhost", port)
        self.client.loop_start()

    def _keep(self, client: Any, data: Any, message: Any) -> None:
        with self.changed:
            self.all.append((message.topic, message.payload))
            self.last[message.topic] = message.payload
            self.changed.notify_all()

    def forget(self) -> None:
        """Forget what was seen."""
        with self.changed:
            self.last.clear()
            self.all.clear()

    def wait(self, condition: Callable[[dict[str, bytes]], object], timeout: float = LONG) -> None:
        """Wait until the last payloads meet a condition."""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.last), timeout), repr(self.last)

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Send something, and wait until the broker has it."""
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(LONG)

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()
