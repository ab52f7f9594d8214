"""``whatsit cameras``"""

from dataclasses import asdict
from typing import Annotated

import typer

from whatsit.cli.terminal import note, say, say_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cameras")(cameras)


def cameras(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List the cameras of this machine and their addresses.

    Example:  whatsit cameras
    """
    from whatsit.cameras import list_cameras
    from whatsit.cameras.sources import CAMERAS

    found = list_cameras()
    if as_json:
        for camera in found:
            say_json(asdict(camera))
        return
    width = max(len(camera.address) for camera in found)
    for camera in found:
        say(f"{camera.address:<{width}}  {camera.name}")
    others = [source for source in CAMERAS.rows() if source.found is None]
    width = max(len(source.example) for source in others)
    note("")
    note("Others have an address too:")
    for source in others:
        missing = source.requirement is not None and not source.requirement.installed
        needs = f" (needs  {source.requirement.command})" if missing and source.requirement is not None else ""
        note(f"{source.example:<{width}}  {source.description}{needs}")
    for broken in CAMERAS.broken:
        note(f"left out: {broken.reason}")
