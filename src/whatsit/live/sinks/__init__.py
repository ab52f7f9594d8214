"""One file per kind of sink, and the table of them all. A package adds a row by an entry point in its group."""

from collections.abc import Iterable
from contextlib import ExitStack

from whatsit.errors import ArgumentError, DataError
from whatsit.live.sink import Sink, SinkKind
from whatsit.plugins import AddressTable

_HERE = __name__

SINKS = AddressTable(
    "whatsit.sinks",
    SinkKind,
    {
        "text": f"{_HERE}.text:SINK",
        "json": f"{_HERE}.json_lines:SINK",
        "jsonl": f"{_HERE}.json_file:SINK",
        "command": f"{_HERE}.command:SINK",
        "gpio": f"{_HERE}.gpio:SINK",
        "mqtt": f"{_HERE}.mqtt_address:SINK",
        "mqtts": f"{_HERE}.mqtt_address:SINK",
        "webhook": f"{_HERE}.webhook:SINK",
    },
    noun="sink",
    error=DataError,
    argument_error=ArgumentError,
)
"""Scheme -> ``SinkKind``."""


def open_sinks(uris: Iterable[str]) -> list[Sink]:
    """The sinks at several addresses; where one cannot be opened, those before it are closed. Errors: ``open_sink``."""
    with ExitStack() as opened:
        sinks = []
        for uri in uris:
            sinks.append(open_sink(uri))
            opened.callback(sinks[-1].close)
        opened.pop_all()
    return sinks


def open_sink(uri: str) -> Sink:
    """The sink at an address: ``text:``, ``json:``, ``jsonl:answers.jsonl``, ….

    Raises:
        DataError: the address is not understood, cannot be used, or has an unknown option.
        MissingExtraError: the sink needs something that is not installed.
        PluginError: an installed package announces the scheme, and cannot be used.
    """
    address, kind = SINKS.resolve(uri)
    return kind.open(address)
