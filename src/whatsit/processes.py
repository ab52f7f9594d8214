"""Our own modules as programs in other processes."""

import os
import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[1])


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules as a program.

    ``-P`` keeps the working folder off the import path, so that no ``secrets.py`` in it replaces the real one.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """This process's environment variables, with whatsit importable in the other process whatever its folder is."""
    import sysconfig

    if _ROOT in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        return dict(os.environ)  # installed: ahead of the standard library, its neighbours would replace modules of it
    paths = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths}
