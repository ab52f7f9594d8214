"""``whatsit correct``"""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.opened_project import opened_project
from whatsit.cli.terminal import note, say, say_json
from whatsit.errors import DataError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("correct")(correct)


def correct(
    picture: Annotated[
        Path, typer.Argument(help="The picture; one that is in the dataset already gets the label there.")
    ],
    label: Annotated[str | None, typer.Argument(help="What it is.")] = None,
    *,
    none: Annotated[bool, typer.Option("--none", help="It is none of the classes.")] = False,
    project: Annotated[Path, typer.Option(help="The project's folder.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say what a picture is, where a model was wrong.

    It is kept as an ordinary picture of its class, or in dataset/_strangers, and counts in the studio's answers at once
    and in the next model. `whatsit dataset split --undo` undoes it.

    Example:  whatsit correct door.jpg parcel --project porch
    """
    if none == (label is not None):
        raise DataError("expected what the picture is, or --none: whatsit correct PICTURE LABEL, or PICTURE --none")
    with opened_project(project) as target:
        is_new = label is not None and label not in target.dataset.labels()
        kept = target.correct(picture, label)
    if as_json:
        say_json({"path": str(kept.path), "label": label, "split": kept.split.value, "new_class": is_new})
    else:
        say(str(kept.path))
        if is_new:
            note(f"Note: {label!r} is a new class")
