"""``whatsit deploy``"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.opened_project import examples, opened_project
from whatsit.cli.terminal import note, say, say_json

if TYPE_CHECKING:
    from whatsit.teaching.teach import Example


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("deploy", epilog="Example: whatsit deploy models/model.tflite frigate -o for-frigate/")(deploy)


def deploy(
    model: Annotated[Path, typer.Argument(help="An int8 .tflite that whatsit made.")],
    target: Annotated[str, typer.Argument(help="litert, teachable-machine, mediapipe, frigate, maixpy or c-array.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="A new folder.")],
    taught: Annotated[
        Path | None,
        typer.Option(help="For maixpy: the pictures, FOLDER/<label>/*.jpg; else the training pictures of its project."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Write a ready folder for another program, with a few lines of Python that run it."""
    from whatsit.deployment.deploy import Target
    from whatsit.deployment.deploy import deploy as run
    from whatsit.teaching.teach import find_examples

    pictures: Sequence[Example] = ()
    judged: Sequence[Example] = ()
    if target == Target.MAIXPY:
        pictures, judged = _projects_pictures(model)
    if taught is not None:
        pictures = find_examples(taught)
    made = run(model, target, output, taught=pictures, judged=judged)
    if as_json:
        say_json({"folder": str(made.folder), "files": list(made.files), "notes": list(made.notes)})
        return
    say(f"{made.folder}: {', '.join(made.files)}")
    for remark in made.notes:
        note(f"Note: {remark}")


def _projects_pictures(model: Path) -> "tuple[list[Example], list[Example]]":
    """For training and for validation, of the project in whose ``models`` folder the model lies; none elsewhere."""
    folder = model.absolute().parent
    if folder.name != "models" or not (folder.parent / "dataset").is_dir():
        return [], []
    with opened_project(folder.parent) as project:
        return examples(project, "training"), examples(project, "validation")
