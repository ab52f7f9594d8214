"""``whatsit sweep``"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from whatsit.cli.terminal import console, say_json, shown
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.evaluation.sweep import Trial
    from whatsit.imaging.preprocess import Fit
    from whatsit.teaching.teach import Example
    from whatsit.training.design import Design

_MOST_THREADS = 64
Number = TypeVar("Number", int, float)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sweep", epilog="Example: whatsit sweep bottles/ --sizes 96,160,224 --max-ms 20")(sweep)


def sweep(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    sizes: Annotated[
        str | None, typer.Option(help="Input sides in pixels, such as 96,160,224. Default: those of the Sweep page.")
    ] = None,
    backbones: Annotated[
        str | None,
        typer.Option(
            help="lite0, lite0/11 (its first eleven blocks), or .tflite files. Default: three depths of lite0."
        ),
    ] = None,
    widths: Annotated[
        str | None,
        typer.Option(
            help="Fine-tune at these shares of the channels, such as 1,0.5: minutes each. Default: heads only."
        ),
    ] = None,
    fits: Annotated[
        str | None, typer.Option(help="Some of cover,contain,squash. Default: the design's, else chosen as in train.")
    ] = None,
    max_ms: Annotated[float | None, typer.Option(help="Recommend within this many milliseconds per picture.")] = None,
    max_mb: Annotated[float | None, typer.Option(help="Recommend within this many megabytes.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of the interpreter.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Train heads, or narrow networks, at several sizes and backbones; measure speed and accuracy on this device.

    Accuracy is that of the int8 models on the validation pictures, with fewer than 200 of them that of their heads in
    cross-validation on these and the training pictures. The chart is models/sweep.html.
    """
    from dataclasses import replace

    from whatsit.backbones import BACKBONES, DEFAULT
    from whatsit.cli.opened_project import embeddings_folder, empty_split, opened_project
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.datasets.split import Split
    from whatsit.evaluation.sweep import SIZES, combinations, planned, recommend
    from whatsit.evaluation.sweep import sweep as run
    from whatsit.evaluation.sweep_record import SweepRecord
    from whatsit.plugins import EXTRAS
    from whatsit.training.design import Design
    from whatsit.training.events import Epoch, Event
    from whatsit.training.train import marked_strangers, split_examples

    for option, value in (("--max-ms", max_ms), ("--max-mb", max_mb)):
        if value is not None and not 0 < value < math.inf:
            raise DataError(f"{option} {value}: expected a number above 0")
    if threads is not None and not 1 <= threads <= _MOST_THREADS:
        raise DataError(f"--threads {threads}: expected 1 to {_MOST_THREADS}")
    EXTRAS["teach"].check("a sweep")
    with opened_project(project) as opened:
        design = Design.from_dict(opened.settings.design)
        wanted = combinations(
            SIZES if sizes is None else _numbers(sizes, int, "--sizes", "96,160,224"),
            BACKBONES[DEFAULT].sweep_names if backbones is None else backbones.split(","),
            [design.usual_fit] if fits is None else _fits(fits),
        )  # fmt: skip
        wanted = list(dict.fromkeys(wanted))
        shares = [] if widths is None else list(dict.fromkeys(_numbers(widths, float, "--widths", "1,0.5")))
        for backbone in wanted:
            backbone.check()
        planned(wanted, design, shares)
        training, validation = split_examples(opened, Split.TRAINING), split_examples(opened, Split.VALIDATION)
        if not validation:
            raise empty_split(opened, Split.VALIDATION)
        watch = TerminalWatch()

        def on_event(event: Event) -> None:
            if not isinstance(event, Epoch):
                watch.show(event)

        record = SweepRecord(opened)
        record.clear()
        cache = embeddings_folder(opened)
        with watch.watching():
            if fits is None:
                fit = _chosen_fit(design, training, cache, watch)
                wanted = [replace(one, fit=fit) for one in wanted]
            trials = run(
                wanted, design, training, validation, strangers=marked_strangers(opened), on_trial=record.add,
                on_event=on_event, stop=watch.stop, cache=cache, threads=threads, widths=shares,
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


def _chosen_fit(design: "Design", training: Sequence["Example"], cache: Path, watch: "TerminalWatch") -> "Fit":
    """The design's, else the one that cross-validation chooses for its own size and backbone, which is said."""
    from dataclasses import replace

    from whatsit.training.design import TrainingMode
    from whatsit.training.events import Note, Remark
    from whatsit.training.train import with_chosen_fit

    frozen = design.revised({"mode": TrainingMode.FROZEN.value})
    chosen, searched = with_chosen_fit(frozen, training, cache, watch.show, watch.stop)
    if searched is not None:
        watch.show(Note(Remark.CHOSEN, replace(searched, regularisation=None).text))
    return chosen.usual_fit


def _show(trials: "list[Trial]", best: "Trial | None") -> None:
    from rich import box
    from rich.table import Table

    from whatsit.evaluation.sweep_page import sweep_notes, sweep_rows

    terminal = console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("design", overflow="fold")
    for title in ("right", "95 %", "balanced", "ms", "p95", "MB", "Mmac", ""):
        table.add_column(title, justify="right")
    for row in sweep_rows(trials):
        table.add_row(*row)
    terminal.print(table)
    terminal.print("* on the Pareto front: nothing else is both faster and more accurate")
    if best is None:
        terminal.print("Nothing is within these limits.")
    else:
        terminal.print(
            f"Recommended: {best.name}, {best.accuracy:.1%} (balanced {best.balanced_accuracy:.1%}), "
            f"{best.measurement.milliseconds:.2f} ms"
        )
        for note in sweep_notes(trials, best):
            terminal.print(shown(note))


def _fits(text: str) -> "list[Fit]":
    from whatsit.imaging.preprocess import Fit

    names = text.split(",")
    wrong = [name for name in names if name not in list(Fit)]
    if wrong:
        raise DataError(f"--fits {wrong[0]!r}: expected {', '.join(Fit)}")
    return [Fit(name) for name in names]


def _numbers(text: str, kind: Callable[[str], Number], option: str, example: str) -> list[Number]:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError as error:
        raise DataError(f"{option} {text!r}: expected numbers such as {example}") from error
