"""``whatsit cameras``"""

from dataclasses import asdict
from typing import Annotated

import typer

from whatsit.cli.terminal import say, say_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cameras")(cameras)


def cameras(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the cameras of this machine and their addresses.

    Example:  whatsit cameras
    """
    from whatsit.cameras.listing import list_cameras

    found = list_cameras()
    if as_json:
        for camera in found:
            say_json(asdict(camera))
        return
    width = max(len(camera.address) for camera in found)
    for camera in found:
        say(f"{camera.address:<{width}}  {camera.name}")
    typer.echo("\nAlso: rtsp://…  http://…  file:clip.mp4  folder:pictures/  browser:", err=True)
