"""Our own programs in processes of their own."""

import os
import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[1])


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules as a program.

    ``-P`` keeps the working folder off the import path: a ``secrets.py`` lying there is not taken for the real one.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """This process's environment, with whatsit itself importable from wherever the child runs."""
    paths = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths}
