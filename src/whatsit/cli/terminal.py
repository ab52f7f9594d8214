"""What the commands print: complete on any terminal, and never more than text, whatever a file is called."""

import io
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import typer

from whatsit.text import json_line, printable

if TYPE_CHECKING:
    from rich.console import Console


shown = printable


_WHOLE = 1000
"""Columns of what is not a terminal."""


class Stopped(Exception):  # noqa: N818 - named like KeyboardInterrupt, which it replaces
    """Ctrl-C; its text says what became of the work."""


def prepare() -> None:
    """Let standard output and error write an escape where their encoding lacks a character, instead of failing."""
    # They are None where the shell closed them.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the process's life
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: object, *, err: bool = False) -> None:
    """Print one line of the result, wrapped between words on a terminal."""
    line = shown(text)
    typer.echo(_wrapped(line) if (sys.stderr if err else sys.stdout).isatty() else line, err=err)


def note(text: str) -> None:
    """Print a remark on standard error, wrapped to the terminal's width."""
    typer.echo(_wrapped(shown(text)), err=True)


def say_json(document: dict[str, Any]) -> None:
    """Print a JSON document on one line; what the terminal cannot show is a JSON escape."""
    typer.echo(json_line(document, sys.stdout.encoding))


def console(*, stderr: bool = False) -> "Console":
    """Rich's console without its markup: a label can be called [red] or :smile:."""
    from rich.console import Console

    # In a pipe or a file, a line stays whole for grep and the like; COLUMNS decides where it is set.
    whole = not (sys.stderr if stderr else sys.stdout).isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=_WHOLE if whole else None)


def has(text: str) -> bool:
    """Whether standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _wrapped(line: str) -> str:
    width = shutil.get_terminal_size().columns
    return textwrap.fill(line, max(20, width), break_long_words=False, break_on_hyphens=False)


def say_strangers(count: int) -> None:
    """One line on marked strangers, where there are any."""
    if count:
        say(f"{count} marked {'stranger' if count == 1 else 'strangers'}: what looks like them is unknown")


def say_assumptions(model: object) -> None:
    """On standard error, one line for each guess about a model or a backbone, and where to see more.

    Args:
        model: a ``Classifier``, or what has the ``normalisation`` of a backbone; anything else has no guesses.
    """
    from whatsit.models.assumption import normalisation_assumptions

    found = getattr(model, "assumptions", None)
    if found is None:
        found = normalisation_assumptions(getattr(model, "normalisation", None))
    guesses = [assumption for assumption in found if assumption.guess and assumption.what != "fit"]
    for assumption in guesses:
        say(f"whatsit: {assumption}; otherwise {assumption.otherwise}", err=True)
    if guesses:
        say("whatsit: whatsit inspect MODEL PICTURES  shows which reading is right", err=True)
