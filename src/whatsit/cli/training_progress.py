"""Training as the terminal shows it: bars for what is counted, one line per epoch; Ctrl-C keeps the best so far."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from whatsit.cli.terminal import console, shown
from whatsit.training.events import Batch, Epoch, Event, Note, Step


class TerminalWatch:
    """Shows events on standard error; ``stop`` is True after Ctrl-C.

    Before the end of the first epoch there is nothing to keep: Ctrl-C then ends the program as usual.
    """

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn())
        self._bars = Progress(*columns, console=self._console, transient=True, disable=not sys.stderr.isatty())
        self._title = ""
        self._epochs = False
        self.interrupted = False

    def stop(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.interrupted

    def show(self, event: Event) -> None:
        """One event of a training."""
        if isinstance(event, Step):
            self._count(event.phase.replace("-", " "), event)
        elif isinstance(event, Batch):
            self._count(f"epoch {event.epoch} of {event.epochs}", event)
        elif isinstance(event, Epoch):
            self._epochs = True
            self._bars.console.print(epoch_line(event))
        elif isinstance(event, Note):
            self._bars.console.print(shown(f"Note: {event.text}"))

    @contextmanager
    def watching(self) -> Iterator["TerminalWatch"]:
        """Show bars and catch Ctrl-C while inside."""
        before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            with self._bars:
                yield self
        finally:
            signal.signal(signal.SIGINT, before)

    def _count(self, title: str, event: Step | Batch) -> None:
        if title != self._title:
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(title, total=event.total)
            self._title = title
        self._bars.update(self._bars.task_ids[0], completed=event.done)

    def _on_interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self.interrupted or not self._epochs:
            raise KeyboardInterrupt
        self.interrupted = True
        self._bars.console.print("Stopping: the best so far is kept. Press again to keep nothing.")


def epoch_line(epoch: Epoch) -> str:
    """One epoch, in about 60 characters."""
    learnt = f"loss {epoch.loss:.3f}, {epoch.accuracy:.1%}"
    if epoch.validation_loss == epoch.validation_loss:
        learnt += f" · validation {epoch.validation_loss:.3f}, {epoch.validation_accuracy:.1%}"
    width = len(str(epoch.total))
    return f"{epoch.number:>{width}}/{epoch.total} {learnt}{' *' if epoch.best else ''}"
