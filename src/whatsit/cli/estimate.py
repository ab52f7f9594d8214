"""``whatsit estimate``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import console, say, say_json, shown

if TYPE_CHECKING:
    from whatsit.evaluation.estimate import Estimate


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("estimate", epilog="Example: whatsit estimate bottles.tflite")(estimate)


def estimate(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    *,
    measure: Annotated[bool, typer.Option(help="Run it on this device too, which takes seconds.")] = True,
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Of the interpreter here; one per core without, at most 4.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Estimate a model's time on Raspberry Pis, and its memory and flash on a microcontroller.

    The times are computed from the model's multiply-adds and published figures of other networks, so they are ranges.
    """
    from whatsit.evaluation.estimate import estimate as run

    found = run(model, measured=measure, threads=threads)
    if as_json:
        say_json(found.to_dict())
    else:
        _print(found)


def _print(found: "Estimate") -> None:
    from rich import box
    from rich.table import Table

    from whatsit.evaluation.estimate import span_text

    terminal = console()
    terminal.print(shown(f"{found.name}: {found.multiply_adds:,} multiply-adds a picture, in {found.arithmetic}"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("device")
    table.add_column("a picture", justify="right")
    table.add_column("")
    if found.here is not None:
        at_most = f"{found.here.milliseconds_p95:.2f} ms at the 95th percentile, {found.here.threads} threads"
        table.add_row("this one", f"{found.here.milliseconds:.2f} ms", f"measured; {at_most}")
    for latency in found.latencies:
        table.add_row(latency.device, span_text(latency.milliseconds), "estimated")
    terminal.print(table)
    if found.micro is None:
        say("Microcontroller: not estimated, a tensor's size is not fixed.")
    else:
        arena = found.micro.arena
        say(
            f"Microcontroller, TensorFlow Lite Micro: arena {_kilobytes(arena.total)} ({arena.tensors:,} bytes of "
            f"it tensors), flash {_kilobytes(found.micro.flash)}."
        )
        for lack in found.micro.lacks:
            say(f"TensorFlow Lite Micro does not run {shown(str(lack))}")
    sources = dict.fromkeys(source for latency in found.latencies for source in latency.sources)
    say(f"Estimated from four threads' published rates: {'; '.join(sources)}.")


def _kilobytes(span: tuple[int, int]) -> str:
    low, high = (f"{-(-bytes_ // 1000):,}" for bytes_ in span)
    return f"{low} KB" if low == high else f"{low} to {high} KB"
