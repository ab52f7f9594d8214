"""``whatsit export``"""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.teach import check_output, squash_note
from whatsit.cli.terminal import note, say
from whatsit.errors import DataError
from whatsit.imaging.preprocess import Fit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    model: Annotated[Path, typer.Argument(help="A .tflite that whatsit made.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The new .tflite.")],
    dtype: Annotated[str, typer.Option(help="Arithmetic inside the model: int8, float32 or dynamic.")] = "int8",
    io: Annotated[str | None, typer.Option(help="Input and output types: uint8, int8 or float32.")] = None,
) -> None:
    """Write a model in another arithmetic: int8, float32, or dynamic, which is int8 weights on float32 values.

    Example:  whatsit export bottles.tflite -o bottles-float32.tflite --dtype float32
    """
    from whatsit.files import write_file
    from whatsit.models.taught_model import TaughtModel, float32_beside

    check_output(output, model)
    if output.suffix.lower() != ".tflite":
        raise DataError(f"{output}: expected a name ending in .tflite; features (.bin) come from  whatsit teach")
    taught = TaughtModel.from_file(model)
    if taught.network is not None:
        check_output(output, float32_beside(model))
    taught.backbone.check_output(dtype, io)
    content = taught.to_tflite(dtype, io)
    write_file(output, content)
    say(f"{output}: {dtype}, {len(content):,} bytes, {len(taught.labels)} classes")
    if taught.preprocess.fit is not Fit.SQUASH:
        note(squash_note(taught.preprocess.fit))
