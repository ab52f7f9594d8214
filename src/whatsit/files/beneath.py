"""Everything beneath a project is reached folder by folder: no link is followed, and nothing is opened that can wait.

``protect`` names a project's folder and what in it is ours. From then on these functions, and everything in
``whole``, walk there with one descriptor per folder (openat(2), O_NOFOLLOW), so that neither a link that lay
there nor one put there meanwhile leads anywhere else. Paths elsewhere are opened as usual: what a person names on the
command line may be a link.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from whatsit.errors import DataError

_ROOTS: dict[Path, frozenset[str]] = {}
_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC


def protect(root: Path, names: Iterable[str]) -> None:
    """From now on nothing in ``root`` that has one of these names, or lies beneath it, is reached through a link.

    ``root`` itself may be a link.
    """
    _ROOTS[root.absolute()] = frozenset(names)


def root_of(path: str | os.PathLike[str]) -> Path | None:
    """The folder that was given to ``protect`` and that protects ``path``; None where there is none."""
    if not _ROOTS:
        return None
    whole = Path(path).absolute()
    parts = whole.parts
    for depth in range(len(parts) - 1, 0, -1):
        root = Path(*parts[:depth])
        if parts[depth] in _ROOTS.get(root, ()):
            return root
    return None


@contextlib.contextmanager
def parent_of(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """A descriptor of the folder that ``path`` lies in, for the ``dir_fd`` of calls, and the name in it.

    Raises:
        DataError: one of the folders is a link.
        OSError: as the system says.
    """
    whole = Path(path).absolute()
    handle = _folder(whole.parent)
    try:
        yield handle, whole.name
    finally:
        os.close(handle)


def opened(path: str | os.PathLike[str], flags: int, mode: int = 0o666) -> int:
    """``os.open``; beneath a protected folder only of a regular file, without following a link or waiting for anyone.

    Raises:
        DataError: it is a link or lies behind one, or is no regular file.
        OSError: as the system says.
    """
    flags |= os.O_CLOEXEC
    if root_of(path) is None:
        return os.open(path, flags, mode)
    with parent_of(path) as (folder, name):
        try:
            # Opening a FIFO that nobody writes to would wait for a writer.
            handle = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, mode, dir_fd=folder)
        except OSError as error:
            refuse_special(path, folder)
            if error.errno in (errno.ENXIO, errno.ENODEV):
                raise _not_a_file(path) from error
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise _not_a_file(path)
        return handle


def refuse_special(path: str | os.PathLike[str], folder: int | None = None) -> None:
    """Refuse what is neither a regular file nor a folder, nor missing.

    Args:
        path: what to look at.
        folder: a descriptor of the folder that it lies in; None: it is looked for.

    Raises:
        DataError: it is a link, a FIFO, a socket or a device, or lies behind a link.
    """
    name = Path(path).name
    try:
        if folder is None:
            with parent_of(path) as (found, _):
                mode = os.lstat(name, dir_fd=found).st_mode
        else:
            mode = os.lstat(name, dir_fd=folder).st_mode
    except OSError:
        return
    if stat.S_ISLNK(mode):
        raise link_error(path)
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise _not_a_file(path)


def link_error(path: str | os.PathLike[str]) -> DataError:
    """The error for a link beneath a project."""
    return DataError(
        f"{os.fspath(path)}: is a link, and none is followed in a project; put what it leads to in its place, "
        "or remove it"
    )


def _not_a_file(path: str | os.PathLike[str]) -> DataError:
    return DataError(f"{os.fspath(path)}: not a file; move away what is there")


def checked(path: str | os.PathLike[str]) -> str:
    """A path for a library that opens files by itself: without links where it lies beneath a protected folder.

    Raises:
        DataError: it is a link, lies behind one, or is there and no regular file.
        OSError: as the system says.
    """
    root, whole = root_of(path), Path(path).absolute()
    if root is None:
        return os.fspath(whole)
    with parent_of(whole) as (folder, name):
        refuse_special(whole, folder)
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
                raise _not_a_file(path)
    return os.fspath(Path(os.path.realpath(root), whole.relative_to(root)))


def checked_folder(path: str | os.PathLike[str]) -> str:
    """The same for a folder, in which a library makes something.

    Raises:
        DataError: it is a link or no folder, or lies behind a link.
        OSError: as the system says.
    """
    root, whole = root_of(path), Path(path).absolute()
    if root is None:
        return os.fspath(whole)
    os.close(_folder(whole))
    return os.fspath(Path(os.path.realpath(root), whole.relative_to(root)))


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and those around it where they are missing.

    Raises:
        DataError: one of them is a link.
        OSError: as the system says.
    """
    whole = Path(path).absolute()
    root = root_of(whole)
    if root is None:
        whole.mkdir(parents=True, exist_ok=True)
        return
    handle = os.open(root, _WALK)
    try:
        place = root
        for part in whole.relative_to(root).parts:
            place /= part
            try:
                inner = _step(handle, part, place)
            except FileNotFoundError:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
                inner = _step(handle, part, place)
            os.close(handle)
            handle = inner
    finally:
        os.close(handle)


def unlink(path: str | os.PathLike[str], *, missing_ok: bool = False) -> None:
    """Remove a file, or a link itself.

    Raises:
        DataError: it lies behind a link.
        OSError: as the system says.
    """
    try:
        with parent_of(path) as (folder, name):
            os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        if not missing_ok:
            raise


def rmdir(path: str | os.PathLike[str]) -> None:
    """Remove an empty folder.

    Raises:
        DataError: it lies behind a link.
        OSError: as the system says.
    """
    with parent_of(path) as (folder, name):
        os.rmdir(name, dir_fd=folder)


def replace(origin: str | os.PathLike[str], to: str | os.PathLike[str]) -> None:
    """Move a file or folder; a file that is there is replaced in one step.

    Raises:
        DataError: one of the two lies behind a link.
        OSError: as the system says.
    """
    with parent_of(origin) as (source, old), parent_of(to) as (target, new):
        os.replace(old, new, src_dir_fd=source, dst_dir_fd=target)


def remove_tree(path: str | os.PathLike[str]) -> None:
    """Remove a folder with all that is in it, as far as that is possible; of a link only the link."""
    with contextlib.suppress(OSError, DataError), parent_of(path) as (folder, name):
        if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            shutil.rmtree(name, ignore_errors=True, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in ``folder``, after files were created, renamed or deleted there.

    Raises:
        DataError: it is a link or lies behind one.
        OSError: as the system says.
    """
    if os.name != "posix":
        return
    with parent_of(folder / "x") as (found, _):
        handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=found)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folder(path: Path) -> int:
    root = root_of(path)
    if root is None:
        return os.open(path, _WALK)
    handle, place = os.open(root, _WALK), root
    for part in path.relative_to(root).parts:
        place /= part
        try:
            inner = _step(handle, part, place)
        finally:
            os.close(handle)
        handle = inner
    return handle


def _step(folder: int, part: str, place: Path) -> int:
    if part == "..":
        raise DataError(f"{place}: leaves the project")
    try:
        return os.open(part, _WALK | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        refuse_special(place, folder)
        if error.errno == errno.ENOTDIR:
            raise DataError(f"{place}: not a folder; move away what is there") from error
        raise
