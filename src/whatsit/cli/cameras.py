"""``whatsit cameras``"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import say, say_json
from whatsit.errors import CameraError

if TYPE_CHECKING:
    from whatsit.cameras import Camera


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


def open_without_page(uri: str) -> "Camera":
    """The camera at an address, for a command that no page sends frames to.

    Raises:
        CameraError: as ``open_camera``; or a page would be the camera.
    """
    from whatsit.cameras import open_camera
    from whatsit.cameras.sources.browser import BrowserCamera

    camera = open_camera(uri)
    if isinstance(camera, BrowserCamera):
        raise CameraError(f"{uri}: its pictures come from the studio's page: use  whatsit studio --camera browser:")
    return camera
