"""Files that are either wholly there or not there at all."""

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from whatsit.errors import DataError


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step: a reader, or a power cut, sees the old file or the new one.

    The bytes go to a file without a name in the same folder, so that a killed process leaves nothing behind (where the
    system has no such files, to a temporary one), are synchronised to the disk, and take the name by ``os.replace``
    (POSIX rename). The folder itself is synchronised after, so that the name survives too.

    Raises:
        DataError: the folder is missing, read-only or full, or the path is a folder or a device; what was there is
            untouched.
    """
    write_files({Path(path): content})


def write_files(contents: Mapping[Path, bytes]) -> None:
    """As ``write_file`` for files that belong together: all are on the disk before the first takes its name.

    Only a power cut between two renames leaves some new and some old, the later ones in the order given.

    Raises:
        DataError: as ``write_file``; nothing has changed then.
    """
    with contextlib.ExitStack() as stack:
        for take_name in [stack.enter_context(_staged(path, content)) for path, content in contents.items()]:
            take_name()


@contextlib.contextmanager
def _staged(target: Path, content: bytes) -> Iterator[Callable[[], None]]:
    """The content on the disk; what is yielded gives it its name."""
    temporary: Path | None = None

    def take_name() -> None:
        nonlocal temporary
        with _telling(target):
            if temporary is None:
                temporary = _link(stream.fileno(), target)
            os.replace(temporary, target)
            temporary = None
            _sync_folder(target.parent)

    try:
        with _telling(target):
            _check_kind(target)
            handle, temporary = _scratch(target)
        # Without a buffer: closing one that a full disk could not take would raise again, past the error told here.
        with os.fdopen(handle, "wb", buffering=0) as stream:
            with _telling(target):
                write_all(stream.fileno(), content)
                os.fsync(stream.fileno())
            yield take_name
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_all(handle: int, content: bytes) -> None:
    """Write to an open file until the system has taken everything.

    Raises:
        OSError: the disk is full, or as the system says; some of the content may have been written.
    """
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _scratch(target: Path) -> tuple[int, Path | None]:
    """A new file in the target's folder: its handle, and its name where it could not do without one."""
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        with contextlib.suppress(OSError):  # not on this file system, or not at all: the next lines tell
            return os.open(target.parent, os.O_TMPFILE | os.O_WRONLY, 0o666), None
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".tmp", dir=target.parent)
    os.fchmod(handle, 0o666 & ~umask())
    return handle, Path(name)


def _link(handle: int, target: Path) -> Path:
    """Give a nameless file a name; only a rename can replace what is there."""
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        name = f".{target.name[:40]}.{secrets.token_hex(4)}.tmp"
        # A folder's handle makes Python call linkat, which can follow the link in /proc (open(2), O_TMPFILE).
        os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
        return target.parent / name
    finally:
        os.close(folder)


def _check_kind(target: Path) -> None:
    if target.exists() and not target.is_file():
        raise DataError(f"cannot write {target}: it is not a regular file; choose another name")


@contextlib.contextmanager
def _telling(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise cannot_write(target, error) from error


def cannot_write(target: Path, error: OSError | ValueError) -> DataError:
    """What the system said of a file that could not be written, and what helps against it."""
    number = error.errno if isinstance(error, OSError) else None
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DataError(f"cannot write {target}: {reason}; free some space and try again")
    return DataError(f"cannot write {target}: {reason}; choose a folder that is there and that you may write to")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Tell before long work what ``write_file`` would refuse after it, by trying a temporary file in the folder.

    Raises:
        DataError: as ``write_file``, a full disk aside.
    """
    target = Path(path)
    with _telling(target):
        _check_kind(target)
        tempfile.TemporaryFile(dir=target.parent).close()


def umask() -> int:
    """The permissions this process takes away from what it makes."""
    # Reading the mask means setting it; /proc gives it without a window in which another thread sees 0.
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except OSError:
        pass
    return 0o022


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cache_folder() -> Path:
    """``$WHATSIT_CACHE``, else ``whatsit`` under ``$XDG_CACHE_HOME`` or ``~/.cache`` (XDG base directories)."""
    own = os.environ.get("WHATSIT_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "whatsit"
    except RuntimeError:  # no home folder
        return Path("/nonexistent/whatsit")
