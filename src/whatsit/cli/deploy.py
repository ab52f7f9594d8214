"""``whatsit deploy``"""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.terminal import note, say, say_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy", epilog="Example: whatsit deploy models/model.tflite frigate -o for-frigate/")(deploy)


def deploy(
    model: Annotated[Path, typer.Argument(help="An int8 .tflite that whatsit made.")],
    target: Annotated[str, typer.Argument(help="litert, teachable-machine, mediapipe, frigate, maixpy or c-array.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="A new folder.")],
    taught: Annotated[Path | None, typer.Option(help="For maixpy: the pictures, FOLDER/<label>/*.jpg.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Write a ready folder for another program, with a few lines of Python that run it."""
    from whatsit.deploy import deploy as run
    from whatsit.teaching import find_examples

    made = run(model, target, output, taught=find_examples(taught) if taught is not None else ())
    if as_json:
        say_json({"folder": str(made.folder), "files": list(made.files), "notes": list(made.notes)})
        return
    say(f"{made.folder}: {', '.join(made.files)}")
    for remark in made.notes:
        note(f"Note: {remark}")
