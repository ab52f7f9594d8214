"""``whatsit deploy``"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.opened_project import examples, opened_project
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import note, say, say_json
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.teaching.teach import Example

_EXAMPLE = "Example: whatsit deploy models/model.tflite frigate -o for-frigate/"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy", cls=TableCommand, epilog=_EXAMPLE)(deploy)


def deploy(
    model: Annotated[Path, typer.Argument(help="An int8 .tflite that whatsit made.")],
    target: Annotated[str, typer.Argument(help="One of {targets}.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="A new folder.")],
    taught: Annotated[
        Path | None,
        typer.Option(
            help="Training pictures, FOLDER/<label>/*.jpg, for a target that needs them. Default: the project's."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Write a folder for another program: the model as that expects it, and a few lines of Python that run it."""
    from whatsit.deployment.deploy import deploy as run
    from whatsit.deployment.target import Need
    from whatsit.deployment.targets import TARGETS
    from whatsit.teaching.teach import find_examples
    from whatsit.validation import row

    pictures: Sequence[Example] = ()
    judged: Sequence[Example] = ()
    if Need.TRAINING_PICTURES in row(TARGETS, target, "target").needs:
        pictures, judged = _projects_pictures(model)
        if taught is not None:
            pictures = find_examples(taught)
    elif taught is not None:
        raise DataError(f"--taught {taught}: {target} takes no training pictures; leave it out")
    made = run(model, target, output, taught=pictures, judged=judged)
    if as_json:
        say_json({"folder": str(made.folder), "files": list(made.files), "notes": list(made.notes)})
        return
    say(f"{made.folder}: {', '.join(made.files)}")
    for remark in made.notes:
        note(f"Note: {remark}")


def _projects_pictures(model: Path) -> "tuple[list[Example], list[Example]]":
    """The training and the validation pictures of the project whose ``models`` folder the model is in; else none."""
    folder = model.absolute().parent
    if folder.name != "models" or not (folder.parent / "dataset").is_dir():
        return [], []
    with opened_project(folder.parent) as project:
        return examples(project, "training"), examples(project, "validation")
