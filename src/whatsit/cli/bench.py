"""``whatsit bench``: the sweep."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import console, say_json, shown
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.evaluation.sweep import Trial

_MOST_THREADS = 64


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench", epilog="Example: whatsit bench bottles/ --sizes 96,160,224 --max-ms 20")(bench)


def bench(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    sizes: Annotated[str, typer.Option(help="Input sides in pixels.")] = "96,128,160,192,224",
    backbones: Annotated[
        str, typer.Option(help="lite0, lite0/11 (eleven blocks), or .tflite files.")
    ] = "lite0,lite0/11,lite0/5",
    fits: Annotated[str, typer.Option(help="Of cover, contain, squash.")] = "",
    max_ms: Annotated[float | None, typer.Option(help="Recommend what is as fast as this.")] = None,
    max_mb: Annotated[float | None, typer.Option(help="Recommend what is as small as this.")] = None,
    threads: Annotated[int | None, typer.Option(help="Of the interpreter.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Train heads at several sizes and backbones and measure speed and accuracy on this device.

    Accuracy is that of the int8 models on the validation pictures. The chart is models/sweep.html.
    """
    from whatsit.cli.opened_project import embeddings_folder, empty_split, examples, opened_project
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.evaluation.sweep import choices, recommend, sweep
    from whatsit.evaluation.sweep_record import SweepRecord
    from whatsit.imaging.preprocess import Fit
    from whatsit.training.design import Design
    from whatsit.training.events import Epoch, Event

    for option, value in (("--max-ms", max_ms), ("--max-mb", max_mb)):
        if value is not None and not 0 < value < math.inf:
            raise DataError(f"{option} {value}: expected a number above 0")
    if threads is not None and not 1 <= threads <= _MOST_THREADS:
        raise DataError(f"--threads {threads}: expected 1 to {_MOST_THREADS}")
    with opened_project(project) as opened:
        design = Design.from_dict(opened.settings.design)
        names = fits or design.fit.value
        wrong = [name for name in names.split(",") if name not in list(Fit)]
        if wrong:
            raise DataError(f"--fits {wrong[0]!r}: expected cover, contain or squash")
        wanted = choices(_numbers(sizes), backbones.split(","), [Fit(name) for name in names.split(",")])
        wanted = list(dict.fromkeys(wanted))
        for choice in wanted:
            choice.check()
        training, validation = examples(opened, "training"), examples(opened, "validation")
        if not validation:
            raise empty_split(opened, "validation")
        watch = TerminalWatch()

        def on_event(event: Event) -> None:
            if not isinstance(event, Epoch):
                watch.show(event)

        record = SweepRecord(opened)
        record.clear()
        with watch.watching():
            trials = sweep(
                wanted, design, training, validation, on_trial=lambda trial: record.add(trial.to_dict()),
                on_event=on_event, stop=watch.stop, cache=embeddings_folder(opened), threads=threads,
            )  # fmt: skip
        best = recommend(trials, milliseconds=max_ms, size=None if max_mb is None else round(max_mb * 1e6))
        record.write_page(opened.settings.name)
    if as_json:
        found = {"trials": [t.to_dict() for t in trials], "recommended": None if best is None else best.name}
        say_json(found)
    else:
        _show(trials, best)
        if trials:
            console().print(shown(f"Chart: {opened.models / 'sweep.html'}"))


def _show(trials: "list[Trial]", best: "Trial | None") -> None:
    from rich import box
    from rich.table import Table

    from whatsit.evaluation.report import sweep_rows

    terminal = console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("design", overflow="fold")
    for title in ("right", "ms", "p95", "MB", "Mmac", ""):
        table.add_column(title, justify="right")
    for row in sweep_rows(trials):
        table.add_row(*row)
    terminal.print(table)
    terminal.print("* efficient: nothing else is both faster and more accurate")
    if best is None:
        terminal.print("Nothing is within the limits given.")
    else:
        terminal.print(f"Recommended: {best.name}, {best.accuracy:.1%}, {best.measurement.milliseconds:.2f} ms")


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise DataError(f"--sizes {text!r}: expected numbers such as 96,160,224") from error
