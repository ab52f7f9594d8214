"""``whatsit why``: what an answer rests on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import say, shown
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.evaluation.explanation import Explainer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why", epilog="Example: whatsit why mug.jpg things/models/model.tflite --project things -o why.html")(
        why
    )


def why(
    picture: Annotated[Path, typer.Argument(help="The picture.")],
    model: Annotated[Path | None, typer.Argument(help="A .tflite classifier. Default: ImageNet's classes.")] = None,
    *,
    project: Annotated[
        Path | None, typer.Option(help="The project whose training pictures it is compared with.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .png or .html to write, with the pictures.")
    ] = None,
    normalise: Annotated[
        str | None, typer.Option(help="What a model from elsewhere sees: 0..1, -1..1, 0..255, or MEAN,STD.")
    ] = None,
) -> None:
    """Say why a model gives its answer: nearest taught pictures, where it looked, which rule said unknown."""
    from whatsit.evaluation.explanation_page import explanation_html, explanation_png, sentences
    from whatsit.files import check_writable, write_file

    kind = None if output is None else output.suffix.lower()
    if output is not None:
        if kind not in (".png", ".html"):
            raise DataError(f"-o {output}: expected a name that ends in .png or .html")
        check_writable(output)
    found = _opened(model, project, normalise).explain(picture)
    for sentence in sentences(found):
        say(shown(sentence))
    if output is not None:
        page = explanation_png(found) if kind == ".png" else explanation_html(found, f"Why: {picture.name}")
        write_file(output, page)
        say(shown(f"Written: {output}"))


def _opened(model: Path | None, project: Path | None, normalise: str | None) -> "Explainer":
    from whatsit.cli.opened_project import embeddings_folder, examples, opened_project
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.evaluation.explanation import open_explainer

    if project is None:
        return open_explainer(model, normalise=normalise)
    with opened_project(project) as opened, TerminalWatch().watching() as watch:
        return open_explainer(
            model, examples(opened, "training"), cache=embeddings_folder(opened), normalise=normalise,
            on_event=watch.show,
        )  # fmt: skip
