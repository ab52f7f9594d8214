"""The rules that stand before every application: the studio's, that of served models, a program's display."""

from whatsit.web.access import Access
from whatsit.web.connections import Connections
from whatsit.web.guards import guards


def test_the_gate_watches_the_servers_connections_though_none_is_open_yet() -> None:
    connections = Connections()
    assert len(connections) == 0
    gate = guards(Access.of("127.0.0.1", 8000, None), connections)[-1]
    assert gate.kwargs["connections"] is connections
