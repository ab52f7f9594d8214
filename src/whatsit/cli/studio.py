"""``whatsit studio``: teach and watch in a browser."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(studio)


def studio(
    project: Annotated[
        Path | None,
        typer.Argument(
            help="The project's folder, or its name with --projects; made where it is missing. Default: "
            "whatsit-project, or of --projects the one used last.",
            show_default=False,
        ),
    ] = None,
    projects: Annotated[
        Path | None, typer.Option(help="A folder of projects: the page lists them, makes new ones and switches.")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="A camera's address, such as usb:0; `whatsit cameras` lists them.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The .tflite backbone that teaching uses. Default: the built-in one."),
    ] = None,
    normalise: Annotated[
        str | None, typer.Option(help="What that backbone sees of pixels: 0..1, -1..1, 0..255, or MEAN,STD.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 for the whole network, with a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port. Default: 8000, or the next free one.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="The secret in the address that browsers open; a random one where --host needs it."),
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="HTTPS with a self-signed certificate: a phone's camera needs it.")
    ] = False,
    answers: Annotated[
        Path | None, typer.Option(help="What  whatsit bulk --embeddings  wrote: the Find page searches it, too.")
    ] = None,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open the page in this machine's browser.")
    ] = None,
) -> None:
    """Open the studio: point a camera, teach, and see the answer in any browser.

    Example:  whatsit studio bottles --host 0.0.0.0 --tls
    """
    from whatsit.plugins import EXTRAS

    EXTRAS["studio"].check("the studio")
    from whatsit.studio.web.launch import launch

    launch(
        project, camera=camera, model=model, normalise=normalise, host=host, port=port, token=token, tls=tls,
        open_page=open_page, answers=answers, projects=projects,
    )  # fmt: skip
