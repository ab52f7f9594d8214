"""Wrong usage in one line: the option, its value, what was expected, and where help is."""

import re
from typing import Any

from whatsit.cli.tables import filled
from whatsit.validation import expectation


def usage_line(error: Any) -> str:
    """What ``error``, a usage error of Typer's, means, and which command's help explains more."""
    context = error.ctx
    help_of = f"; see  {context.command_path} -h" if context is not None else ""
    return _reason(error) + help_of


def _reason(error: Any) -> str:
    message = re.sub(r"\s+", " ", error.format_message()).strip().rstrip(".")
    parameter = getattr(error, "param", None)
    if parameter is not None:
        name = next((name for name in parameter.opts if name.startswith("--")), None) or parameter.opts[0]
        if message.startswith("Missing"):
            about = f": {filled(parameter.help).rstrip('.')}" if getattr(parameter, "help", None) else ""
            return f"{name} is missing{about}"
        cause = error.__cause__
        if hasattr(cause, "errors"):  # pydantic's: recent versions of Typer convert values with it
            found = cause.errors()[0]
            expected = expectation(found)
            if expected:
                return f"{name} {found['input']!r}: expected {expected}"
        return f"{name}: {re.sub('^Value error, ', '', error.message).rstrip('.')}"
    return message[:1].lower() + message[1:]
