"""``whatsit find``"""

from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.terminal import console, say_json, shown


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("find")(find)


def find(
    picture: Annotated[Path, typer.Argument(help="What the pictures should be like.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="What  whatsit bulk --embeddings  wrote.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, help="How many pictures.")] = 20,
    label: Annotated[str | None, typer.Option(help="Only pictures with this label.")] = None,
    model: Annotated[Path | None, typer.Option(help="The run's model, if its file has moved.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="A .csv of path and label, for  whatsit dataset import --selection.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Find the pictures of a bulk run that are most like one picture; the similarity is 1 for the same picture.

    Example:  whatsit find cat.jpg answers -k 50 --label cat
    """
    from dataclasses import asdict

    from whatsit.bulk.search import Search
    from whatsit.bulk.selection import write_selection
    from whatsit.cli.progress import progress

    with progress("Searching", None):
        found = Search(out, model=model).find(picture, k, label=label)
    if output is not None:
        write_selection(output, [(match.path, match.label) for match in found])
    for match in found:
        if as_json:
            say_json(asdict(match))
        else:
            doubt = "  unknown" if match.unknown else ""
            console().print(shown(f"{match.similarity:.3f}  {match.label}{doubt}  {match.path}"), soft_wrap=True)
