"""``whatsit dataset …``: pictures in and out, counts, splits, checks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.dataset_output import (
    counts_document,
    import_document,
    import_sums,
    note_damage,
    show_check,
    show_counts,
    show_import,
)
from whatsit.cli.opened_project import opened_project
from whatsit.cli.progress import counted_progress
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import console, say, say_json, shown
from whatsit.validation import first_few

if TYPE_CHECKING:
    pass

_SHOWN = 10

ProjectPath = Annotated[Path, typer.Option("--project", "-p", help="The project's folder.")]
Json = Annotated[bool, typer.Option("--json", help="For a program: one JSON document on standard output.")]

_commands = typer.Typer(
    help="Bring pictures in and out, count, split and check them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def register(app: typer.Typer) -> None:
    """Add ``dataset`` to the program."""
    app.add_typer(_commands, name="dataset")


@_commands.command("import", cls=TableCommand, epilog="Example: whatsit dataset import pictures.zip --project bottles")
def import_command(
    paths: Annotated[list[Path], typer.Argument(help="Folders, zip archives, lists or pictures.")],
    project: ProjectPath = Path(),
    label: Annotated[str | None, typer.Option(help="The class of all the pictures; folder names are ignored.")] = None,
    layout: Annotated[str | None, typer.Option(help="{readable}; recognised where not given.")] = None,
    selection: Annotated[
        bool, typer.Option("--selection", help="Lists (.csv, .parquet) of path and label, of pictures anywhere here.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy pictures into the project; importing the same pictures again adds nothing."""
    from whatsit.datasets.formats.importing import import_path
    from whatsit.datasets.formats.report import ImportReport
    from whatsit.datasets.formats.selection import import_selection
    from whatsit.errors import DataError, SourceError

    reports: dict[Path, ImportReport] = {}
    problems: dict[Path, str] = {}
    if selection and layout is not None:
        raise DataError(f"--selection and --layout {layout}: choose one")
    with opened_project(project, make=True) as opened:
        for path in dict.fromkeys(paths):
            try:
                with counted_progress(f"Importing {path.name}") as progress:
                    if selection:
                        reports[path] = import_selection(opened.dataset, path, label=label, progress=progress)
                    else:
                        reports[path] = import_path(opened.dataset, path, label=label, layout=layout, progress=progress)
            except SourceError as error:
                problems[path] = str(error)
                continue
            if not as_json:
                show_import(reports[path], f"{path}: " if len(paths) > 1 else "", _SHOWN)
    total = ImportReport.together(list(reports.values()))
    if as_json:
        say_json(import_document(reports, problems))
    elif len(reports) > 1:
        console().print(f"In all: {import_sums(total)}.")
    if problems:
        *others, last = problems.values()
        for problem in others:
            say(f"whatsit: {problem}", err=True)
        raise DataError(last)
    if total.skips and not total.added and not total.present:
        raise DataError(f"nothing was imported: {len(total.skips):,} refused; expected pictures in class folders")


@_commands.command("export", cls=TableCommand, epilog="Example: whatsit dataset export bottles.zip --layout split")
def export_command(
    target: Annotated[Path, typer.Argument(help="A new folder, or an archive where it ends in .zip.")],
    project: ProjectPath = Path(),
    layout: Annotated[str, typer.Option(help="One of {writable}.")] = "split",
    as_json: Json = False,
) -> None:
    """Copy all pictures out, byte for byte, in a layout that other tools read."""
    from whatsit.datasets.catalogue import counted
    from whatsit.datasets.formats.exporting import export_path

    with opened_project(project) as opened, counted_progress(shown(f"Exporting to {target.name}")) as progress:
        report = export_path(opened.dataset, target, layout, progress=progress)
    left = report.left_out
    if as_json:
        say_json({"target": str(target), "layout": layout, "pictures": report.pictures, "left_out": list(left)})
        return
    console().print(shown(f"{counted(report.pictures)} written to {target}"))
    if left:
        console().print(shown(f"Left out, because they cannot be read: {first_few(left)}"), style="yellow")


@_commands.command("stats", epilog="Example: whatsit dataset stats --project bottles")
def stats_command(project: ProjectPath = Path(), as_json: Json = False) -> None:
    """Count the pictures of every class in each split."""
    with opened_project(project) as opened:
        note_damage(opened.dataset)
        if as_json:
            say_json({"classes": counts_document(opened.dataset)})
        else:
            show_counts(opened.dataset)


@_commands.command("split", epilog="Example: whatsit dataset split --ratios 70/15/15 --again")
def split_command(
    project: ProjectPath = Path(),
    ratios: Annotated[str | None, typer.Option(help="Training/validation/test in percent, for new pictures.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Split again what no person or source decided.")] = False,
    held: Annotated[
        bool, typer.Option("--hold-out", help="Move 20 % of each class that lacks them to validation and to test.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the dataset's latest edit back.")] = False,
    as_json: Json = False,
) -> None:
    """Show or change how the pictures are split.

    New ratios count for pictures that are added later; those that are there keep their split, unless --again is given.
    """
    from dataclasses import replace

    from whatsit.datasets.held_out import hold_out
    from whatsit.datasets.split import SplitRatios

    with opened_project(project) as opened:
        dataset = opened.dataset
        undone = dataset.undo() if undo else None
        taken_back = undone.what if undone else ""
        if undo and not as_json:
            say(f"Taken back: {taken_back}." if taken_back else "Nothing to take back.")
        if ratios is not None:
            opened.save_settings(replace(opened.settings, split=SplitRatios.parse(ratios)))
        if again:
            dataset.resplit()
        lacking = hold_out(dataset).lacking if held else ()
        if as_json:
            document = {"taken_back": taken_back} if undo else {"lacking": list(lacking)} if held else {}
            say_json({**document, "ratios": str(opened.settings.split), "classes": counts_document(dataset)})
        else:
            show_counts(dataset)
            console().print(f"Split ratios for new pictures: {opened.settings.split}")
            if lacking:
                say(
                    f"{', '.join(lacking)}: nothing to hold out, all pictures show nearly the same; "
                    "take some more from another side or in another light."
                )


@_commands.command("check", epilog="Example: whatsit dataset check --project bottles")
def check_command(
    project: ProjectPath = Path(),
    quick: Annotated[bool, typer.Option("--quick", help="No embeddings: no label issues, no outliers.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many findings of a kind to list; 0: all.")] = _SHOWN,
    as_json: Json = False,
) -> None:
    """Look for bad pictures, copies and label issues, and say whether the pictures are ready to train on.

    Nothing is changed. The exit status is 0 where nothing stands against training, else 1.
    """
    from whatsit.datasets.issues.check import check

    with opened_project(project) as opened:
        embedder = None
        if not quick:
            from whatsit.backbones.backbone import Backbone

            embedder = Backbone.builtin()
        with counted_progress("Looking at pictures") as progress:
            report = check(opened.dataset, embedder, progress)
    if as_json:
        say_json(report.as_json())
    else:
        show_check(report, limit)
    raise typer.Exit(0 if report.ready else 1)


@_commands.command("rebuild", epilog="Example: whatsit dataset rebuild --project bottles")
def rebuild_command(
    project: ProjectPath = Path(),
    empty_trash: Annotated[bool, typer.Option("--empty-trash", help="Delete for good what was deleted.")] = False,
    as_json: Json = False,
) -> None:
    """Rebuild the index from the pictures and dataset/splits.csv; nothing is lost."""
    with opened_project(project) as opened:
        dataset = opened.dataset
        removed = dataset.empty_trash() if empty_trash else 0
        if empty_trash and not as_json:
            say(f"{removed:,} deleted pictures removed for good.")
        with counted_progress("Reading pictures") as progress:
            dataset.rebuild(progress)
        if as_json:
            say_json({"pictures": dataset.count()})
        else:
            say(f"{dataset.count():,} pictures indexed.")
