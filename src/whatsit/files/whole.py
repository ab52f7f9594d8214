"""Reading and writing whole files: a write is complete or did not happen, a read has a limit."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from whatsit.errors import DataError, WhatsitError
from whatsit.files import beneath


def read_bounded(
    path: str | os.PathLike[str],
    limit: int,
    expected: str = "a file",
    *,
    error: type[WhatsitError] = DataError,
    name: str | None = None,
) -> bytes:
    """The content of a regular file of at most ``limit`` bytes.

    Never waits: a FIFO, socket, device or folder is refused without reading from it. A file that grows while it is
    read is refused at the limit.

    Args:
        path: the file.
        limit: the largest size accepted, in bytes.
        expected: what the file should be, for the error, such as ``a JPEG, PNG or WebP picture``.
        error: the class of the error raised.
        name: what the error calls the file; None: its path. Empty: nothing, where the caller names it.

    Raises:
        WhatsitError: of class ``error``: there is no such file, it is not a regular file, is too large, or cannot be
            read.
    """
    file = Path(path)
    start = f"{file if name is None else name}: " if name != "" else ""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to would otherwise wait for a writer.
        handle = beneath.opened(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise error(f"{start}not a file; expected {expected}")
            if status.st_size > limit:
                raise error(f"{start}{status.st_size:,} bytes, more than the {limit:,} allowed for {expected}")
            content = _read_up_to(handle, limit + 1, status.st_size)
        finally:
            os.close(handle)
    except (FileNotFoundError, NotADirectoryError, ValueError) as problem:  # ValueError: a NUL in the path
        raise error(f"{start}no such file; expected {expected}") from problem
    except OSError as problem:
        if problem.errno in (errno.ENXIO, errno.ENODEV):  # a socket, or a device without a driver
            raise error(f"{start}not a file; expected {expected}") from problem
        raise error(f"{start}cannot be read: {problem.strerror or problem}") from problem
    if len(content) > limit:
        raise error(f"{start}more than the {limit:,} bytes allowed for {expected}")
    return content


def read_head(path: str | os.PathLike[str], size: int) -> bytes:
    """The first ``size`` bytes of a regular file; fewer where it is shorter, none where it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        return b""
    try:
        return os.read(handle, size) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(handle)


def _read_up_to(handle: int, most: int, size: int) -> bytes:
    parts, left = [], most
    # One byte past the size: a file that does not grow is read in one call.
    while left and (part := os.read(handle, min(left, max(size + 1, 2**16), 2**30))):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write_file(path: str | os.PathLike[str], content: bytes, *, mode: int = 0o666) -> None:
    """Replace ``path`` by ``content`` in one step: a reader, or a power cut, sees the old file or the new one.

    The bytes go to an unnamed file in the same folder (a temporary one where the system has no such files), so that a
    killed process leaves nothing behind. They are synchronised to the disk and take the name by ``os.replace`` (POSIX
    rename). The folder is synchronised afterwards, so that the name survives too.

    Args:
        path: the file.
        content: its new content.
        mode: its permissions, less the umask.

    Raises:
        DataError: the folder is missing, read-only or full, or the path is a folder or a device; what was there is
            untouched.
    """
    write_files({Path(path): content}, mode=mode)


def write_files(contents: Mapping[Path, bytes], *, mode: int = 0o666) -> None:
    """As ``write_file``, for files that belong together: all are on the disk before the first takes its name.

    Only a kill or a power cut between two renames can leave the first ones new and the later ones old.

    Raises:
        DataError: as ``write_file``; nothing has changed then.
    """
    with contextlib.ExitStack() as stack:
        staged = [stack.enter_context(_staged(path, content, mode)) for path, content in contents.items()]
        with contextlib.ExitStack() as rollback:
            for one in staged:
                with _explained(one.target):
                    one.take_name(rollback)
            rollback.pop_all()
        for one in staged:
            one.forget_old()


_NO_SECOND_NAMES = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""FAT and some network file systems have none; others have no more for one file."""


class _Staged:
    """Content that is on the disk and has no name, or only a temporary one."""

    def __init__(self, target: Path, handle: int, temporary: Path | None) -> None:
        self.target = target
        self.handle = handle
        self.temporary = temporary
        self.old: Path | None = None
        """A second name of the file that was there."""

    def take_name(self, rollback: contextlib.ExitStack) -> None:
        """Replace what is there; ``rollback`` puts it back."""
        if self.temporary is None:
            self.temporary = _link(self.handle, self.target)
        self._keep_old(rollback)
        beneath.replace(self.temporary, self.target)
        self.temporary = None
        beneath.sync_folder(self.target.parent)

    def forget_old(self) -> None:
        """Remove what ``take_name`` kept."""
        if self.old is not None:
            with contextlib.suppress(OSError, DataError):
                beneath.unlink(self.old)

    def drop(self) -> None:
        """Remove the temporary name, if there is one still."""
        if self.temporary is not None:
            with contextlib.suppress(OSError, DataError):
                beneath.unlink(self.temporary)

    def _keep_old(self, rollback: contextlib.ExitStack) -> None:
        if not os.path.lexists(self.target):
            rollback.callback(self._put_back, None)
            return
        name = _temporary_name(self.target)
        try:
            with beneath.parent_of(self.target) as (folder, old):
                os.link(old, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NO_SECOND_NAMES:
                return
            raise
        self.old = self.target.with_name(name)
        rollback.callback(self._put_back, self.old)

    def _put_back(self, old: Path | None) -> None:
        with contextlib.suppress(OSError, DataError):
            if old is not None:
                beneath.replace(old, self.target)
            elif self.temporary is None:
                beneath.unlink(self.target, missing_ok=True)
        if old is not None:  # a rename of a file onto another of its names does nothing
            with contextlib.suppress(OSError, DataError):
                beneath.unlink(old, missing_ok=True)


@contextlib.contextmanager
def _staged(target: Path, content: bytes, mode: int) -> Iterator[_Staged]:
    """Put the content on the disk."""
    with _explained(target):
        _check_kind(target)
        handle, temporary = _scratch(target, mode)
    staged = _Staged(target, handle, temporary)
    try:
        # Unbuffered: closing a buffer that a full disk refused would raise a second time, outside _explained.
        with os.fdopen(handle, "wb", buffering=0) as stream:
            with _explained(target):
                write_all(stream.fileno(), content)
                os.fsync(stream.fileno())
            yield staged
    finally:
        staged.drop()


def write_all(handle: int, content: bytes) -> None:
    """Write to an open file until the system has taken everything.

    Raises:
        OSError: the disk is full, or as the system says; some of the content may have been written.
    """
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _scratch(target: Path, mode: int = 0o666) -> tuple[int, Path | None]:
    """A new file in the target's folder: its handle, and its name where the system has no unnamed files."""
    with beneath.parent_of(target) as (folder, _):
        if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
            # Refused where this file system has none, or the folder is unusable, which the next lines report.
            with contextlib.suppress(OSError):
                return os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, mode, dir_fd=folder), None
        name = _temporary_name(target)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, mode, dir_fd=folder), target.with_name(name)


def _link(handle: int, target: Path) -> Path:
    """Give an unnamed file a temporary name; only a rename can replace what is there."""
    name = _temporary_name(target)
    with beneath.parent_of(target) as (folder, _):
        # A folder's handle makes Python call linkat, which can follow the link in /proc (open(2), O_TMPFILE).
        os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    return target.with_name(name)


def _temporary_name(target: Path) -> str:
    return f".{target.name[:40]}.{secrets.token_hex(4)}.tmp"


def _check_kind(target: Path) -> None:
    if beneath.root_of(target) is not None:
        beneath.refuse_special(target)
    if target.exists() and not target.is_file():
        raise DataError(f"cannot write {target}: it is not a regular file; choose another name")


@contextlib.contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise cannot_write(target, error) from error


def cannot_write(target: Path, error: OSError | ValueError) -> DataError:
    """The error for a file that could not be written: the system's reason and what to do about it."""
    number = error.errno if isinstance(error, OSError) else None
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DataError(f"cannot write {target}: {reason}; free some space and try again")
    return DataError(f"cannot write {target}: {reason}; choose a folder that exists and that you can write to")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse before long work what ``write_file`` would refuse after it, by trying a temporary file in the folder.

    Raises:
        DataError: as ``write_file``, except for a full disk.
    """
    target = Path(path)
    with _explained(target):
        _check_kind(target)
        handle, temporary = _scratch(target)
        os.close(handle)
        if temporary is not None:
            beneath.unlink(temporary)


def cache_folder() -> Path:
    """``$WHATSIT_CACHE``, else ``whatsit`` under ``$XDG_CACHE_HOME`` or ``~/.cache`` (XDG base directories)."""
    return _user_folder("WHATSIT_CACHE", "XDG_CACHE_HOME", ".cache")


def state_folder() -> Path:
    """For what must not be lost: ``$WHATSIT_STATE``, or ``whatsit`` in ``$XDG_STATE_HOME`` or ``~/.local/state``."""
    return _user_folder("WHATSIT_STATE", "XDG_STATE_HOME", ".local/state")


def _user_folder(own: str, base: str, default: str) -> Path:
    if os.environ.get(own):
        return Path(os.environ[own])
    given = os.environ.get(base)
    try:
        return (Path(given) if given else Path.home() / default) / "whatsit"
    except RuntimeError:  # no home folder
        return Path("/nonexistent/whatsit")
