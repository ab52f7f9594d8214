"""``whatsit coach``: what to photograph next."""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.terminal import say, say_json, shown


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("coach", epilog="Example: whatsit coach bottles/")(coach)


def coach(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what to photograph next and why, and when there is enough."""
    from dataclasses import asdict

    from whatsit.cli.opened_project import opened_project
    from whatsit.cli.progress import counted_progress

    with opened_project(project) as opened, counted_progress("Looking at pictures") as progress:
        advice = opened.coach(progress=progress)
    if as_json:
        say_json({**asdict(advice), "sentence": advice.sentence})
        return
    say(shown(advice.sentence))
    if advice.accuracy is not None:
        say(f"Accuracy, each picture told by the others: {advice.accuracy:.0%}. Ready: {advice.readiness:.0%}.")
