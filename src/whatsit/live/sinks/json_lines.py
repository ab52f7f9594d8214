"""``json:``: one JSON object per line on standard output."""

import sys

from whatsit.live.sink import SinkKind
from whatsit.live.sinks.changes import EVERY
from whatsit.live.sinks.printed import printed
from whatsit.text import json_line

SINK = SinkKind(
    description="one JSON object per line on standard output",
    example="json:",
    options=(EVERY,),
    open=lambda address: printed(address, lambda answer: json_line(answer.to_dict(), sys.stdout.encoding)),
)
