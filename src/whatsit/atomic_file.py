"""Files that are either wholly there or not there at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from whatsit.errors import DataError


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step: a reader, or a power cut, sees the old file or the new one.

    The bytes go to a temporary file in the same folder, are synchronised to the disk, and take the name by
    ``os.replace`` (POSIX rename). The folder itself is synchronised after, so that the name survives too.

    Raises:
        DataError: the folder is missing, read-only or full, or the path is a folder or a device; what was there is
            untouched.
    """
    target = Path(path)
    temporary = None
    try:
        if target.exists() and not target.is_file():
            raise DataError(f"cannot write {target}: it is not a regular file; choose another name")
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~umask())
        os.replace(temporary, target)
        temporary = None
        _sync_folder(target.parent)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _cannot_write(target, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Tell before long work what ``write_file`` would refuse after it, by trying a temporary file in the folder.

    Raises:
        DataError: as ``write_file``, a full disk aside.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            raise DataError(f"cannot write {target}: it is not a regular file; choose another name")
        tempfile.TemporaryFile(dir=target.parent).close()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _cannot_write(target, error) from error


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


def _cannot_write(target: Path, error: OSError | ValueError) -> DataError:
    reason = getattr(error, "strerror", None) or str(error)
    return DataError(f"cannot write {target}: {reason}; choose a folder with space and write permission")


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
