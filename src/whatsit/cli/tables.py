"""Help that names what the tables hold. The tables are read only when help is asked for: start-up stays quick."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer.core

_TABLES = {
    "backbones": "whatsit.backbones:BACKBONES",
    "learners": "whatsit.heads.learners:LEARNERS",
    "readable": "whatsit.datasets.formats.importing:readable_formats",
    "writable": "whatsit.datasets.formats.exporting:writable_formats",
    "sinks": "whatsit.live.sinks:SINKS",
    "targets": "whatsit.deployment.targets:TARGETS",
}


def filled(text: str) -> str:
    """``text`` with ``{targets}`` and the like replaced by the names in that table."""
    return re.sub(r"\{(\w+)\}", lambda found: ", ".join(_table(found[1])) if found[1] in _TABLES else found[0], text)


class TableCommand(typer.core.TyperCommand):
    """A command whose help is ``filled``; give it as ``app.command(…, cls=TableCommand)``."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help text, names filled in."""
        for parameter in self.params:
            text = getattr(parameter, "help", None)
            if text:
                parameter.help = filled(text)  # type: ignore[attr-defined]  # not all kinds of parameter have help
        super().format_help(ctx, formatter)


def _table(name: str) -> Mapping[str, Any]:
    module, _, attribute = _TABLES[name].partition(":")
    found = getattr(import_module(module), attribute)
    table: Mapping[str, Any] = found() if callable(found) else found
    return table
