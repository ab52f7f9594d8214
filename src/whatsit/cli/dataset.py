"""``whatsit dataset …``: pictures in and out, counts, splits, checks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whatsit.cli.terminal import console, note, say, say_json, shown
from whatsit.datasets.split import SplitRatios
from whatsit.validation import first_few

if TYPE_CHECKING:
    from whatsit.backbones.embedder import Embedder
    from whatsit.datasets.dataset import Dataset
    from whatsit.datasets.formats.importing import ImportReport
    from whatsit.datasets.issues.check import CheckReport
    from whatsit.datasets.project import Project

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


@_commands.command("import", epilog="Example: whatsit dataset import pictures.zip --project bottles")
def import_command(
    paths: Annotated[list[Path], typer.Argument(help="Folders, zip archives, CSV lists or pictures.")],
    project: ProjectPath = Path(),
    label: Annotated[str | None, typer.Option(help="The class of all, whatever the folders say.")] = None,
    as_json: Json = False,
) -> None:
    """Copy pictures into the project; importing the same again adds nothing.

    Understood: a folder a class; train, validation and test folders; zip archives of either; Teachable Machine
    samples; Edge Impulse exports; Frigate's dataset folder; a CSV of path, label, split.
    """
    from whatsit.datasets.formats.importing import ImportReport, import_path
    from whatsit.errors import DataError, SourceError

    reports: dict[Path, ImportReport] = {}
    problems: dict[Path, str] = {}
    with _dataset(project, make=True) as dataset:
        for path in dict.fromkeys(paths):
            try:
                with _progress(f"Importing {path.name}") as progress:
                    reports[path] = import_path(dataset, path, label=label, progress=progress)
            except SourceError as error:
                problems[path] = str(error)
                continue
            if not as_json:
                _show_import(reports[path], f"{path}: " if len(paths) > 1 else "")
    total = ImportReport.together(list(reports.values()))
    if as_json:
        _print_json(_import_document(reports, problems))
    elif len(reports) > 1:
        console().print(f"In all: {_import_sums(total)}.")
    if problems:
        *others, last = problems.values()
        for problem in others:
            say(f"whatsit: {problem}", err=True)
        raise DataError(last)
    if total.skips and not total.added and not total.present:
        raise DataError(f"nothing was imported: {len(total.skips):,} refused; expected pictures, in a folder a class")


@_commands.command("export", epilog="Example: whatsit dataset export bottles.zip --layout split")
def export_command(
    target: Annotated[Path, typer.Argument(help="A new folder, or an archive where it ends in .zip.")],
    project: ProjectPath = Path(),
    layout: Annotated[str, typer.Option(help="folder, split, edge-impulse or csv.")] = "split",
    as_json: Json = False,
) -> None:
    """Copy all pictures out, byte for byte, in a layout that other tools read."""
    from whatsit.datasets.catalogue import counted
    from whatsit.datasets.formats.exporting import export

    with _dataset(project) as dataset:
        with _progress(shown(f"Exporting to {target.name}")) as progress:
            report = export(dataset, target, layout, progress)
        left = report.left_out
        if as_json:
            document = {"target": str(target), "layout": layout, "pictures": report.pictures, "left_out": list(left)}
            _print_json(document)
            return
        console().print(shown(f"{counted(report.pictures)} written to {target}"))
        if left:
            console().print(shown(f"Left out, because they cannot be read: {first_few(left)}"), style="yellow")


@_commands.command("stats", epilog="Example: whatsit dataset stats --project bottles")
def stats_command(project: ProjectPath = Path(), as_json: Json = False) -> None:
    """Count the pictures of every class in each split."""
    with _dataset(project) as dataset:
        _tell_damage(dataset)
        if as_json:
            counts = dataset.counts().items()
            _print_json({"classes": {label: {s.value: n for s, n in row.items()} for label, row in counts}})
        else:
            _show_counts(dataset)


@_commands.command("split", epilog="Example: whatsit dataset split --shares 70/15/15 --again")
def split_command(
    project: ProjectPath = Path(),
    shares: Annotated[str | None, typer.Option(help="Training/validation/test in percent.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Decide again what nobody decided.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the dataset's latest edit back.")] = False,
    as_json: Json = False,
) -> None:
    """Show or change how the pictures are split.

    New shares count for pictures that come; those that are there stay where they are, unless --again is given.
    """
    from dataclasses import replace

    with _project(project) as opened:
        dataset = opened.dataset
        undone = dataset.undo() if undo else None
        taken_back = undone.what if undone else ""
        if undo:
            _say(f"Taken back: {taken_back}." if taken_back else "Nothing to take back.", as_json)
        if shares is not None:
            opened.save_settings(replace(opened.settings, split=SplitRatios.parse(shares)))
        if again:
            dataset.resplit()
        if as_json:
            counts = dataset.counts().items()
            classes = {label: {s.value: n for s, n in row.items()} for label, row in counts}
            said = {"taken_back": taken_back} if undo else {}
            _print_json({**said, "shares": str(opened.settings.split), "classes": classes})
        else:
            _show_counts(dataset)
            console().print(f"SplitRatios for new pictures: {opened.settings.split}")


@_commands.command("check", epilog="Example: whatsit dataset check --project bottles")
def check_command(
    project: ProjectPath = Path(),
    quick: Annotated[bool, typer.Option("--quick", help="Without the backbone: no doubtful labels.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Findings of a kind to list; 0 for all.")] = _SHOWN,
    as_json: Json = False,
) -> None:
    """Look for bad pictures, copies and doubtful labels, and say whether the data are ready.

    Nothing is changed. The status is 0 where nothing stands against training, else 1.
    """
    from whatsit.datasets.issues.check import check

    with _dataset(project) as dataset:
        embedder = None if quick else _embedder()
        with _progress("Looking at pictures") as progress:
            report = check(dataset, embedder, progress)
        if as_json:
            _print_json(report.as_json())
        else:
            _show_check(report, limit)
    raise typer.Exit(0 if report.ready else 1)


@_commands.command("rebuild", epilog="Example: whatsit dataset rebuild --project bottles")
def rebuild_command(
    project: ProjectPath = Path(),
    empty_trash: Annotated[bool, typer.Option("--empty-trash", help="Delete for good what was deleted.")] = False,
    as_json: Json = False,
) -> None:
    """Build the index anew from the pictures and dataset/splits.csv; nothing is lost by it."""
    with _dataset(project) as dataset:
        if empty_trash:
            _say(f"{dataset.empty_trash():,} deleted pictures removed for good.", as_json)
        with _progress("Reading pictures") as progress:
            dataset.rebuild(progress)
        _say(f"{dataset.count():,} pictures indexed.", as_json)
        if as_json:
            _print_json({"pictures": dataset.count()})


def _embedder() -> "Embedder":
    from whatsit.backbones.backbone import Backbone

    return Backbone.builtin()


@contextmanager
def _project(path: Path, *, make: bool = False) -> "Iterator[Project]":
    from whatsit.datasets.project import Project
    from whatsit.errors import DataError

    if not make and not (path / "dataset").is_dir():
        raise DataError(f"{path}: no project here; name one with --project, or start one by  whatsit dataset import")
    project = Project(path)
    try:
        yield project
    finally:
        project.close()


@contextmanager
def _dataset(path: Path, *, make: bool = False) -> "Iterator[Dataset]":
    with _project(path, make=make) as project:
        yield project.dataset


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=None), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_json(document: dict[str, Any]) -> None:
    say_json(document)


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        say(text)


def _import_document(reports: "dict[Path, ImportReport]", problems: dict[Path, str]) -> dict[str, Any]:
    from whatsit.datasets.formats.importing import ImportReport

    found = {path: report.as_json() for path, report in reports.items()}
    total = ImportReport.together(list(reports.values())).as_json()
    for kind in ("skipped", "notes"):
        total[kind] = [{"source": str(path), **row} for path, part in found.items() for row in part[kind]]
    sources = [
        {"source": str(path), "added": part["added"], "present": part["present"], "labels": part["labels"]}
        for path, part in found.items()
    ]
    return {**total, "sources": sources, "errors": [{"source": str(p), "error": e} for p, e in problems.items()]}


def _import_sums(report: "ImportReport") -> str:
    from whatsit.datasets.catalogue import counted

    there = f", {report.present:,} there already" if report.present else ""
    skipped = f", {len(report.skips):,} skipped" if report.skips else ""
    return f"{counted(report.added)} added{there}{skipped}"


def _show_import(report: "ImportReport", source: str = "") -> None:
    terminal = console()
    terminal.print(shown(f"{source}{_import_sums(report)}."))
    for skip in [*report.skips[:_SHOWN], *report.notes[:_SHOWN]]:
        terminal.print(shown(f"  {skip.path}: {skip.reason}"), style="yellow")
    rest = len(report.skips[_SHOWN:]) + len(report.notes[_SHOWN:])
    if rest:
        terminal.print(f"  and {rest:,} more; --json names them all")


def _tell_damage(dataset: "Dataset") -> None:
    lines = dataset.records.unreadable()
    if lines:
        where = first_few([str(line) for line in lines], 1)
        note(f"Note: {dataset.records.path}: line {where} cannot be read; whatsit dataset check  tells more")


def _show_counts(dataset: "Dataset") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("class", overflow="fold")
    for head in ("train", "val", "test", "all"):
        table.add_column(head, justify="right", no_wrap=True)
    sums = [0, 0, 0]
    for label, counts in dataset.counts().items():
        row = list(counts.values())
        sums = [total + count for total, count in zip(sums, row, strict=True)]
        table.add_row(Text(label), *(f"{count:,}" for count in (*row, sum(row))))
    table.add_row(Text("all", style="bold"), *(f"{count:,}" for count in (*sums, sum(sums))))
    console().print(table)


def _show_check(report: "CheckReport", limit: int) -> None:
    terminal = console()
    kinds: dict[str, int] = {}
    for finding in report.findings:
        kinds[finding.kind.value] = kinds.get(finding.kind.value, 0) + 1
        if limit and kinds[finding.kind.value] > limit:
            continue
        terminal.print(shown(f"{finding.kind.value}: {finding.message}"), style="yellow")
        for key in finding.pictures[: limit or None]:
            terminal.print(shown(f"  {key}"))
        rest = len(finding.pictures) - (limit or len(finding.pictures))
        if rest > 0:
            terminal.print(f"  and {rest:,} more")
    for kind, count in kinds.items():
        if limit and count > limit:
            terminal.print(f"{kind}: {count - limit:,} more; --limit 0 lists all")
    for line in report.summary:
        terminal.print(line)
