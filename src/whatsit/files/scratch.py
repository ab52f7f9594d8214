"""A folder in which something is made beside its place, and that no killed process leaves for long."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from whatsit.files import beneath


@contextlib.contextmanager
def scratch_beside(target: Path) -> Iterator[Path]:
    """A new folder in that of ``target``, removed at the end; first those that killed processes left there.

    One in use is locked (flock), which ends with its process: nobody else's is removed.

    Raises:
        DataError: the folder lies behind a link in a project.
        OSError: as the system says.
    """
    parent, prefix = Path(beneath.checked_folder(target.absolute().parent)), f".{target.name[:40]}."
    for left in parent.glob(f"{_escaped(prefix)}????????.tmp"):
        _remove_unused(left)
    # Locked before it has the name that others look for.
    made = tempfile.mkdtemp(prefix=f"{prefix}new-", dir=parent)
    handle = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    scratch = parent / f"{prefix}{Path(made).name[-8:]}.tmp"
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(made).rename(scratch)
        yield scratch
    finally:
        for folder in (scratch, made):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _remove_unused(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def _escaped(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
