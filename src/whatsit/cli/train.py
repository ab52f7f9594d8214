"""``whatsit train``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whatsit.cli.design_options import chosen_design, with_design_options
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import say, say_json, say_strangers
from whatsit.training.preset import Preset

if TYPE_CHECKING:
    from whatsit.datasets.project import Project
    from whatsit.training.design import Design


def register(app: typer.Typer) -> None:
    """Add the command."""
    command = app.command("train", cls=TableCommand, epilog="Example: whatsit train bottles/ --size 160 --fit squash")
    command(with_design_options(train))


def train(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    preset: Annotated[
        Preset | None, typer.Option(help="quick: a head, in seconds; good: fine-tuned, in minutes; best: the longest.")
    ] = None,
    how_long: Annotated[
        bool, typer.Option("--how-long", help="Only say how long it would take; without --preset, of each preset too.")
    ] = False,
    name: Annotated[str, typer.Option(help="The name of the model, models/NAME.tflite.")] = "model",
    defaults: Annotated[bool, typer.Option("--defaults", help="Start from the defaults, not the last design.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    **chosen: Any,
) -> None:
    """Train a model on the project's pictures; the design is kept in whatsit.toml for the next time.

    Ctrl-C after the first epoch keeps the best so far. With --preset, and where a whole network is trained, it says
    first how long that will take.
    """
    from dataclasses import replace

    from whatsit.cli.opened_project import opened_project, tell_unreadable
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.datasets.split import Split
    from whatsit.training.design import TrainingMode
    from whatsit.training.estimate import time_note, training_seconds
    from whatsit.training.record import ModelFiles
    from whatsit.training.train import split_examples
    from whatsit.training.train import train as run

    with opened_project(project) as opened:
        preset_changes = {} if preset is None else preset.changes()
        design = chosen_design({} if defaults else opened.settings.design, {**preset_changes, **chosen})
        if how_long:
            asked = {"this design": design} if preset is None else {preset.value: design}
            others = {} if preset else {one.value: one.design(design) for one in Preset}
            _say_how_long(opened, {**asked, **others}, as_json)
            return
        files = ModelFiles(opened.models, name)
        files.check_new()
        validation = split_examples(opened, Split.VALIDATION)
        tell_unreadable(opened)
        watch = TerminalWatch()
        if preset is not None or design.mode is not TrainingMode.FROZEN:
            watch.show(time_note(training_seconds(opened, design, validation=validation)))
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


def _say_how_long(project: "Project", designs: "dict[str, Design]", as_json: bool) -> None:
    from whatsit.errors import MissingExtraError
    from whatsit.training.estimate import duration, training_seconds

    found: dict[str, float | None] = {}
    for name, design in designs.items():
        try:
            seconds = training_seconds(project, design)
            found[name], line = seconds, f"about {duration(seconds)}"
        except MissingExtraError as error:
            found[name], line = None, str(error)
        if not as_json:
            say(f"{name}: {line}")
    if as_json:
        say_json({"seconds": found})
