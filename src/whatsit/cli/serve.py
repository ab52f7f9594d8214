"""``whatsit serve``: models for programs, over HTTP."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="A .tflite model or a .bin of taught features; NAME=FILE serves it by another name than the file's. "
            "Default: ImageNet's classes.",
        ),
    ] = None,
    *,
    project: Annotated[Path | None, typer.Option(help="Serve all models of this project too.")] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 for the whole network, with a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port. Default: 8080, or the next free one.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="WHATSIT_TOKEN", help="The secret that programs send; a random one where --host needs it."),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="HTTPS with a self-signed certificate.")] = False,
    memory: Annotated[
        int, typer.Option(min=16, max=65536, help="MiB that loaded models may take; the least used is unloaded.")
    ] = 256,
) -> None:
    """Answer programs over HTTP: its own routes, CodeProject.AI and DeepStack, the Open Inference Protocol, Prometheus.

    Example:  whatsit serve bottles.tflite
    """
    from whatsit.plugins import EXTRAS

    EXTRAS["studio"].check("serving models")
    from whatsit.serving.launch import launch

    launch(models or [], project=project, host=host, port=port, token=token, tls=tls, memory=memory * 2**20)
