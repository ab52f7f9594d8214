"""What ``whatsit dataset`` prints: tables, sums, findings and JSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatsit.cli.terminal import console, note, shown
from whatsit.validation import first_few

if TYPE_CHECKING:
    from whatsit.datasets.dataset import Dataset
    from whatsit.datasets.formats.report import ImportReport
    from whatsit.datasets.issues.check import CheckReport


def import_document(reports: "dict[Path, ImportReport]", problems: dict[Path, str]) -> dict[str, Any]:
    """The JSON of an import of several sources: the sums, all that was skipped and noted, and the errors."""
    from whatsit.datasets.formats.report import ImportReport

    found = {path: report.as_json() for path, report in reports.items()}
    total = ImportReport.together(list(reports.values())).as_json()
    for kind in ("skipped", "notes"):
        total[kind] = [{"source": str(path), **row} for path, part in found.items() for row in part[kind]]
    sources = [
        {"source": str(path), "added": part["added"], "present": part["present"], "labels": part["labels"]}
        for path, part in found.items()
    ]
    return {**total, "sources": sources, "errors": [{"source": str(p), "error": e} for p, e in problems.items()]}


def import_sums(report: "ImportReport") -> str:
    """``24 pictures added, 3 there already, 1 skipped``."""
    from whatsit.datasets.catalogue import counted

    there = f", {report.present:,} there already" if report.present else ""
    skipped = f", {len(report.skips):,} skipped" if report.skips else ""
    return f"{counted(report.added)} added{there}{skipped}"


def show_import(report: "ImportReport", source: str, limit: int) -> None:
    """The sums of one source, what was made of it, and by reason what was skipped and noted.

    That most was skipped is said first. Of a reason the first ``limit`` paths are listed where there are not more.
    """
    from whatsit.datasets.skip import by_reason, mostly_left_out

    terminal = console()
    if most := mostly_left_out(report.added + report.present, report.skips):
        terminal.print(shown(f"{source}{most}."), style="yellow")
    terminal.print(shown(f"{source}{import_sums(report)}."))
    if report.read_as and report.labels:
        read_as = "; ".join(report.read_as)
        terminal.print(shown(f"Read as: {read_as}. Classes: {first_few(report.labels, 12)}."))
    for group in (*by_reason(report.skips), *by_reason(report.notes)):
        if len(group.paths) == 1:
            terminal.print(shown(f"  {group.paths[0]}: {group.reason}"), style="yellow")
        else:
            few = first_few(group.paths, min(limit, 3))
            terminal.print(shown(f"  {group.reason} ({len(group.paths):,}): {few}"), style="yellow")
    if any(len(group.paths) > min(limit, 3) for group in (*by_reason(report.skips), *by_reason(report.notes))):
        terminal.print("  --json names them all")


def note_damage(dataset: "Dataset") -> None:
    """Name on standard error a line of ``splits.csv`` that cannot be read."""
    lines = dataset.records.unreadable()
    if lines:
        where = first_few([str(line) for line in lines], 1)
        note(f"Note: {dataset.records.path}: line {where} cannot be read; whatsit dataset check  says more")


def counts_document(dataset: "Dataset") -> dict[str, dict[str, int]]:
    """Pictures of every class in each split, for JSON."""
    return {label: {split.value: n for split, n in row.items()} for label, row in dataset.counts().items()}


def show_counts(dataset: "Dataset") -> None:
    """The same as a table."""
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


def show_check(report: "CheckReport", limit: int) -> None:
    """The findings, ``limit`` of a kind (0: all), and the verdict."""
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
