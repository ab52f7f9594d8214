"""``whatsit bulk``"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import Stopped, console, note, say, say_assumptions
from whatsit.imaging.preprocess import Fit

if TYPE_CHECKING:
    from whatsit.bulk.progress import Progress

_EVERY = 60.0
"""Seconds between two lines where standard error is no terminal."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bulk")(bulk)


def bulk(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="IN...", help="Folders, patterns, lists (.txt, .csv, .parquet), pictures, addresses."),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of the Parquet parts.")],
    *,
    model: Annotated[Path | None, typer.Option(help="A .tflite classifier. Default: ImageNet's classes.")] = None,
    labels: Annotated[Path | None, typer.Option(help="The model's label file, where it has none inside.")] = None,
    normalise: Annotated[
        str | None, typer.Option(help="What the network sees: 0..1, -1..1, 0..255, or MEAN,STD; else as the file says.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Number or name of the output with the scores.")] = None,
    multi_label: Annotated[bool, typer.Option(help="More than one label can be right: each sigmoid is one.")] = False,
    fit: Annotated[Fit | None, typer.Option(help="How a picture meets a square input; else as the model says.")] = None,
    top_k: Annotated[int, typer.Option(min=1, help="How many classes a row holds.")] = 5,
    embeddings: Annotated[bool, typer.Option("--embeddings", help="Keep embeddings, for  whatsit find.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that OUT holds.")] = False,
    engine: Annotated[str, typer.Option(help="What does the work: local or ray.")] = "local",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
    address: Annotated[str | None, typer.Option(help="A Ray cluster's. Default: this machine alone.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that one picture may take, as behind an address.")] = 120.0,
) -> None:
    """Classify any number of pictures into a folder of Parquet files; stopped or killed, it goes on with --resume.

    Example:  whatsit bulk photos/ answers --model pets.tflite --embeddings
    """
    from whatsit.bulk.running import run
    from whatsit.datasets.catalogue import counted

    latest: list[Progress] = []
    with _shown(latest) as show:
        try:
            result = run(
                inputs, out, model, labels=labels, fit=fit, normalise=normalise, output=output, multi_label=multi_label,
                top_k=top_k, embeddings=embeddings, engine=engine, workers=workers, address=address, timeout=timeout,
                resume=resume, on_progress=show, on_model=say_assumptions,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise Stopped(f"{_so_far(latest)}; whole parts are kept, and --resume goes on") from None
    tally = result.tally
    rate = f", {tally.pictures / result.seconds:.0f} a second" if tally.pictures and result.seconds else ""
    there = f", {result.present:,} of them there before" if result.present else ""
    say(f"{counted(result.pictures)} in {result.parts:,} part{'s' * (result.parts > 1)}{there}: {out}")
    if tally.pictures:
        say(f"{tally.pictures:,} classified now{rate}: {tally.unknown_share:.1%} unknown, {tally.errors:,} unreadable")


def _so_far(latest: "list[Progress]") -> str:
    return f"after {latest[0].done:,} of {latest[0].total:,} pictures" if latest else "before the first picture"


@contextmanager
def _shown(latest: "list[Progress]") -> "Iterator[Callable[[Progress], None]]":
    """A bar on a terminal, a line a minute elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    if sys.stderr.isatty():
        columns = (TextColumn("Classifying"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        with Bars(*columns, console=console(stderr=True), transient=True) as bars:
            task = bars.add_task("", total=None)

            def draw(progress: "Progress") -> None:
                latest[:] = [progress]
                bars.update(task, completed=progress.done, total=progress.total, description=_in_words(progress))

            yield draw
        return
    told = time.monotonic()

    def tell(progress: "Progress") -> None:
        nonlocal told
        latest[:] = [progress]
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            note(f"{progress.done:,} of {progress.total:,} pictures, {_in_words(progress)}")

    yield tell


def _in_words(progress: "Progress") -> str:
    if progress.seconds_left is None:
        return ""
    left = int(progress.seconds_left)
    clock = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
    return f"{progress.rate:.0f}/s, {clock} left, {progress.tally.unknown_share:.1%} unknown"
