"""``whatsit verify``"""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(model: Annotated[Path, typer.Argument(help="A .tflite that whatsit made.")]) -> None:
    """Check that a model is unchanged since it was made, and computes the same on this device.

    Example:  whatsit verify bottles.tflite
    """
    from whatsit.models.verify import verify as differences

    found = differences(model)
    for line in found:
        say(f"{model}: {line}", err=True)
    if found:
        say(f"{model}: copy it again, or make it again by  whatsit teach,  train  or  export", err=True)
        raise typer.Exit(1)
    say(f"{model}: weights, labels, normalisation and golden pictures are as when it was made")
