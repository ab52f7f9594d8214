"""``whatsit verify``"""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(model: Annotated[Path, typer.Argument(help="A .tflite that whatsit made.")]) -> None:
    """Check that a model is still what it was when made, and computes the same here.

    Example:  whatsit verify bottles.tflite
    """
    from whatsit.models.verify import verify as differences

    found = differences(model)
    for line in found:
        say(f"{model}: {line}", err=True)
    if found:
        say(f"{model}: copy it again, or make it anew by  whatsit teach,  train  or  export", err=True)
        raise typer.Exit(1)
    say(f"{model}: weights, labels, normalisation and golden pictures are as when it was made")
