"""The command that a service runs, checked before a unit is written: parsed as it will be, and nothing is run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whatsit.errors import DataError

_FILES = {"live": ("project", "model", "backbone", "rules"), "studio": ("model", "answers")}
"""The options that name something which must be there; the studio makes its project."""


def check_command(root: Any, command: Sequence[str], folder: Path) -> None:
    """Refuse a command that could not start.

    Args:
        root: the program's context, whose parsers are asked.
        command: one of those that can run as a service, with its options.
        folder: where it will run.

    Raises:
        DataError: a file that it names is not there, or a camera is missing.
        WhatsitError: an address that no camera or sink can have.
        Exception: Typer's for wrong usage.
    """
    from whatsit.cameras.opening import camera_source
    from whatsit.live.sinks import SINKS

    name, *arguments = command
    given = root.command.commands[name].make_context(name, arguments, parent=root).params
    for option in _FILES[name]:
        path = given[option]
        if path is not None and not (folder / path).exists():
            raise DataError(
                f"--{option} {path}: not there from {folder}, where the service runs{_instead(path, folder)}"
            )
    if given["camera"]:
        camera_source(given["camera"])
    elif name == "live" and given["project"] is None:
        raise DataError("--camera is missing: expected a camera's address, or --project with a project that has one")
    for address in given.get("sink", ()):
        SINKS.parse(address)


def _instead(path: Path, folder: Path) -> str:
    """What the path would be where the person who typed it meant it from here."""
    meant = path.resolve()
    return f"; write {meant.relative_to(folder)}" if meant.exists() and meant.is_relative_to(folder) else ""
