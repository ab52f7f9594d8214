"""``whatsit train``"""

from pathlib import Path
from typing import Annotated, Any

import typer

from whatsit.cli.design_options import chosen_design, with_design_options
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import say, say_json, say_strangers


def register(app: typer.Typer) -> None:
    """Add the command."""
    command = app.command("train", cls=TableCommand, epilog="Example: whatsit train bottles/ --size 160 --fit squash")
    command(with_design_options(train))


def train(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    name: Annotated[str, typer.Option(help="The name of the model, models/NAME.tflite.")] = "model",
    defaults: Annotated[bool, typer.Option("--defaults", help="Start from the defaults, not the last design.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    **chosen: Any,
) -> None:
    """Train a model on the project's pictures; the design is kept in whatsit.toml for the next time.

    Ctrl-C after the first epoch keeps the best so far.
    """
    from dataclasses import replace

    from whatsit.cli.opened_project import opened_project, tell_unreadable
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.datasets.split import Split
    from whatsit.training.record import ModelFiles
    from whatsit.training.train import split_examples
    from whatsit.training.train import train as run

    with opened_project(project) as opened:
        design = chosen_design({} if defaults else opened.settings.design, chosen)
        files = ModelFiles(opened.models, name)
        files.check_new()
        validation = split_examples(opened, Split.VALIDATION)
        tell_unreadable(opened)
        watch = TerminalWatch()
        with opened.dataset.held(), watch.watching():
            trained = run(opened, design, validation=validation, on_event=watch.show, stop=watch.stop)
            trained.save(files.int8)
            opened.save_settings(replace(opened.settings, design=design.to_settings()))
    best = trained.best
    if as_json:
        found = {"model": str(files.int8), "labels": list(trained.model.labels), "design": trained.design.to_dict(),
                 "validation_accuracy": None if best is None or not validation else best.validation_accuracy,
                 "strangers": trained.strangers,
                 "stopped": trained.stopped, "left_out": [str(error) for error in trained.unreadable]}  # fmt: skip
        say_json(found)
    else:
        say(f"{files.int8}: {len(trained.model.labels)} classes, {trained.model.pictures} pictures")
        say_strangers(trained.strangers)
        if best is not None and validation:
            say(f"validation: {best.validation_accuracy:.1%} of {len(validation)} (epoch {best.number})")
    if watch.interrupted:
        raise typer.Exit(130)
