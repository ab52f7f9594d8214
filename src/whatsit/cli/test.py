"""``whatsit test``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import console, shown
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.evaluation.report import Report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test", epilog="Example: whatsit test bottles/")(test)


def test(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    name: Annotated[str, typer.Option(help="The name of the model, models/NAME.tflite.")] = "model",
    normalise: Annotated[
        str | None, typer.Option(help="What a model from elsewhere sees: 0..1, -1..1, 0..255, or MEAN,STD.")
    ] = None,
    split: Annotated[str, typer.Option(help="test or validation.")] = "test",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Measure a model on pictures it has not seen; write models/NAME.html and NAME.json.

    With --split validation: NAME-validation.html and NAME-validation.json.
    """
    from whatsit.cli.opened_project import embeddings_folder, empty_split, examples, opened_project, tell_unreadable
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.evaluation.make_report import make_report
    from whatsit.evaluation.sweep_record import SweepRecord
    from whatsit.files import write_file
    from whatsit.plugins import EXTRAS
    from whatsit.training.record import ModelFiles

    if split not in ("test", "validation"):
        raise DataError(f"--split {split}: expected test or validation; a model knows its training pictures")
    EXTRAS["teach"].check("a report")
    with opened_project(project) as opened:
        files = ModelFiles(opened.models, name)
        if not files.int8.is_file():
            names = [path.stem for path in opened.models.glob("*.tflite") if not path.stem.endswith("-float32")]
            make = f"make it first by  whatsit train {project} --name {name}"
            way = f"the models there are {', '.join(sorted(names))}; or {make}" if names else make
            raise DataError(f"{files.int8}: no such model; {way}")
        held = examples(opened, split)
        if not held:
            raise empty_split(opened, split)
        tell_unreadable(opened)
        with TerminalWatch().watching() as watch:
            report = make_report(
                files, held, examples(opened, "training"), f"{opened.settings.name} · {name}",
                on_event=watch.show, cache=embeddings_folder(opened), trials=SweepRecord(opened).trials(), split=split,
                normalise=normalise,
            )  # fmt: skip
        page = files.report(split)
        write_file(page.with_suffix(".json"), report.to_json())
        write_file(page, report.to_html())
    if as_json:
        typer.echo(report.to_json().decode(), nl=False)
    else:
        _show(report, page)


def _show(report: "Report", path: Path) -> None:
    from rich import box
    from rich.table import Table

    terminal = console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for model in report.models:
        table.add_column(model.dtype, justify="right")
    for row in report.figures:
        table.add_row(*row)
    terminal.print(table)
    main = report.models[0].evaluation
    low, high = main.interval
    terminal.print(
        f"{main.right} of {len(main.judged)} {report.split} pictures right; 95 % interval {low:.1%} to {high:.1%}; "
        f"balanced accuracy {main.balanced_accuracy:.1%}"
    )
    classes = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    classes.add_column("class", overflow="fold")
    for title in ("n", "prec.", "recall", "F1"):
        classes.add_column(title, justify="right")
    for one in main.classes:
        shares = ("-" if share is None else f"{share:.0%}" for share in (one.precision, one.recall, one.f1))
        classes.add_row(one.label, str(one.pictures), *shares)
    terminal.print(classes)
    for warning in report.warnings:
        terminal.print(shown(f"Note: {warning}"))
    terminal.print(shown(f"Report: {path}"))
