"""``whatsit summary``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import console, has, note, say, say_json, shown

if TYPE_CHECKING:
    from whatsit.bulk.summary import Summary

_BARS = " ▁▂▃▄▅▆▇█"
_MOST = 40


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("summary")(summary)


def summary(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="What  whatsit bulk  wrote.")],
    *,
    output: Annotated[Path | None, typer.Option(help="The page. Default: summary.html in OUT.")] = None,
    doubtful: Annotated[int, typer.Option(min=0, help="How many doubtful pictures of each kind it shows.")] = 36,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document; no page.")] = False,
) -> None:
    """Count a bulk run by label and score, and write a page with the pictures that a person should look at.

    Example:  whatsit summary answers
    """
    from whatsit.bulk.summary import summarise
    from whatsit.bulk.summary_page import summary_page
    from whatsit.cli.progress import progress
    from whatsit.files import write_file
    from whatsit.plugins import EXTRAS

    if not as_json:
        EXTRAS["bulk"].check("the page of a summary")
    target = output or out / "summary.html"
    with progress("Counting", None):
        found = summarise(out, doubtful=0 if as_json else doubtful)
        if not as_json:
            write_file(target, summary_page(found))
    if as_json:
        say_json(_document(found))
        return
    _print(found)
    say(f"Doubtful pictures: {target}")


def _document(found: "Summary") -> dict[str, object]:
    labels = {label: {"known": one.pictures, "unknown": one.unknown} for label, one in found.labels.items()}
    return {
        "pictures": found.pictures, "expected": found.expected, "unknown": found.unknown, "errors": found.errors,
        "labels": labels, "histogram": list(found.histogram),
    }  # fmt: skip


def _print(found: "Summary") -> None:
    from rich.table import Table

    if found.pictures < found.expected:
        note(f"whatsit: the run is not finished: {found.pictures:,} of {found.expected:,} pictures")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("label", "known", "unknown"):
        table.add_column(heading, justify="left" if heading == "label" else "right", overflow="fold")
    for label, one in list(found.labels.items())[:_MOST]:
        table.add_row(shown(label), f"{one.pictures:,}", f"{one.unknown:,}" if one.unknown else "")
    console().print(table)
    if len(found.labels) > _MOST:
        say(f"and {len(found.labels) - _MOST:,} labels with fewer pictures")
    if has(_BARS):
        most = max(found.histogram) or 1
        drawn = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in found.histogram)
        say(f"Scores from 0 to 1: {drawn}")
    say(f"{found.pictures:,} pictures: {found.unknown_share:.1%} unknown, {found.errors:,} could not be read")
