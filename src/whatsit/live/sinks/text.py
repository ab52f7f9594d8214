"""``text:``: lines for people on standard output."""

from whatsit.live.sink import SinkKind
from whatsit.live.sinks.changes import EVERY
from whatsit.live.sinks.printed import printed
from whatsit.text import printable

SINK = SinkKind(
    description="lines for people on standard output",
    example="text:",
    options=(EVERY,),
    open=lambda address: printed(address, printable),
)
