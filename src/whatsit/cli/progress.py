"""Progress bars on standard error; nothing where that is not a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from whatsit.cli.terminal import console


@contextmanager
def progress(what: str, total: int | None, *, shown: bool = True) -> Iterator[Callable[[], None]]:
    """A progress bar; the function that it gives is called after each step.

    Args:
        total: steps; None for a spinner.
        shown: False for no bar.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    if not shown or sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (
        [SpinnerColumn(), TextColumn("{task.description}")]
        if total is None
        else [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda: bars.advance(task)


@contextmanager
def counted_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that reports (done, total) itself; the value given is called with the two."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=None), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
