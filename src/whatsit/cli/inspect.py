"""``whatsit inspect``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import console, say, say_json, shown

if TYPE_CHECKING:
    from whatsit.models.inspection import Inspection, Tensor


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inspect", epilog="Example: whatsit inspect downloaded.tflite photos/*.jpg")(inspect)


def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Photographs of things it should know, to compare the readings on.")
    ] = None,
    *,
    labels: Annotated[Path | None, typer.Option(help="The model's label file, where it has none inside.")] = None,
    normalise: Annotated[str | None, typer.Option(help="0..1, -1..1, 0..255, or MEAN,STD in pixel units.")] = None,
    output: Annotated[str | None, typer.Option(help="Number or name of the output with the scores.")] = None,
    multi_label: Annotated[bool, typer.Option(help="More than one label can be right: each sigmoid is one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what a model file takes, gives and assumes, and why.

    With pictures, the plausible normalisations, fits and colour orders are tried side by side: the right one is sure,
    and says the same of a picture when it is mirrored or cropped a little.
    """
    from whatsit.models.inspection import inspect as look

    found = look(
        model, pictures or [], labels=labels, normalise=normalise, output=output, multi_label=multi_label
    )  # fmt: skip
    if as_json:
        say_json(found.as_json())
    else:
        _print(found)
    if found.problem:
        raise typer.Exit(1)


def _print(found: "Inspection") -> None:
    rows = [("file", f"{found.name}, {found.size:,} bytes")]
    rows += [("input", _tensor(tensor)) for tensor in found.inputs]
    rows += [("output", _tensor(tensor)) for tensor in found.outputs]
    rows.append(("operators", ", ".join(f"{number} {kind}" for kind, number in found.operators)))
    rows.append(("multiply-adds", f"{found.multiply_adds:,} in {found.arithmetic}; time elsewhere: whatsit estimate"))
    if found.title or found.description:
        rows.append(("metadata", " - ".join(filter(None, (found.title, found.description)))))
    if found.files:
        rows.append(("files inside", ", ".join(found.files)))
    if found.labels:
        more = ", …" if len(found.labels) > 8 else ""
        rows.append(
            (
                "labels",
                f"{len(found.labels):,}: {', '.join(_brief(label) for label in found.labels[:8])}{more}; "
                f"{found.labels_origin}",
            )
        )
    if not found.problem:
        rows.append(("normalisation", f"{found.normalise}; {found.normalise_reason}"))
        rows.append(("fit", found.fit))
    rows += [("assumed", f"{assumption}; otherwise {assumption.otherwise}") for assumption in found.assumptions]
    if found.problem:
        rows.append(("problem", found.problem))
    _table([(title, shown(text)) for title, text in rows])
    if found.readings:
        _print_readings(found)


def _print_readings(found: "Inspection") -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("normalise", "fit", "colours", "sure", "steady", "named most often"):
        table.add_column(title, justify="right" if title in ("sure", "steady") else "left", overflow="fold")
    best = max(found.readings, key=lambda reading: reading.sure * reading.consistent)
    for reading in sorted(found.readings, key=lambda reading: -reading.sure * reading.consistent):
        names = ", ".join(f"{shown(_brief(label))} {number}" for label, number in reading.labels)
        mark = " (assumed)" if reading.assumed else ""
        table.add_row(
            reading.normalise + mark, reading.fit, reading.colours, f"{reading.sure:.2f}", f"{reading.consistent:.0%}",
            names, style="bold" if reading is best else None,
        )  # fmt: skip
    say("")
    console().print(table)
    if not best.assumed:
        say(f"Surest and steadiest: --normalise {best.normalise} --fit {best.fit}, colours {best.colours}.")


def _table(rows: list[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column("title", no_wrap=True)
    table.add_column("text", overflow="fold")
    for title, text in rows:
        table.add_row(title, Text(text))
    console().print(table)


def _brief(label: str) -> str:
    return label if len(label) <= 24 else label[:23] + "…"


def _tensor(tensor: "Tensor") -> str:
    shape = " x ".join("?" if side < 0 else str(side) for side in tensor.shape)
    scale = "" if tensor.scale is None else f", scale {tensor.scale:.6g}, zero point {tensor.zero_point or 0}"
    return f"{tensor.name}: {shape}, {tensor.dtype}{scale}"
