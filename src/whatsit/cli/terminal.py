"""What the commands say: whole on any terminal, and never more than text, whatever a file is called."""

import io
import json
import os
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from whatsit.models.classifier import Classifier

# Control characters, lone surrogates (bytes of a file name that are no text), and marks that end or reorder a line.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Stopped(Exception):  # noqa: N818 - as KeyboardInterrupt, whose place it takes
    """Ctrl-C, and what became of the work."""


def prepare() -> None:
    """Let standard output and error write what their encoding lacks as an escape instead of failing on it."""
    # Python has None where the shell closed them.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the process's life
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def shown(text: object) -> str:
    """``text`` with escapes for what a terminal would obey: newlines, ESC, marks of direction."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))


def say(text: object, *, err: bool = False) -> None:
    """One line of an answer; folded between words where a person watches."""
    line = shown(text)
    typer.echo(_folded(line) if (sys.stderr if err else sys.stdout).isatty() else line, err=err)


def note(text: str) -> None:
    """A remark on standard error, folded to the terminal's width."""
    typer.echo(_folded(shown(text)), err=True)


def say_json(document: dict[str, Any]) -> None:
    """A JSON document on one line; what the terminal cannot show is escaped as JSON has it."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(document, ensure_ascii=not utf8)
    typer.echo(_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def console(*, stderr: bool = False) -> "Console":
    """Rich's console without its own marks: a label may be called [red] or :smile:."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def has(text: str) -> bool:
    """Whether standard output can show these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _folded(line: str) -> str:
    width = shutil.get_terminal_size().columns
    return textwrap.fill(line, max(20, width), break_long_words=False, break_on_hyphens=False)


def say_assumptions(classifier: "Classifier") -> None:
    """On standard error, one line for each guess about a model, and where to see more."""
    guesses = [assumption for assumption in classifier.assumptions if assumption.guess and assumption.what != "fit"]
    for assumption in guesses:
        say(f"whatsit: {assumption}; otherwise {assumption.otherwise}", err=True)
    if guesses:
        say("whatsit: whatsit inspect MODEL PICTURES  shows which reading is right", err=True)
