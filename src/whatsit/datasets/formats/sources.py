"""Folders and single files as sources, and the source for a path."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from whatsit.datasets.folder_tree import walk
from whatsit.datasets.formats.source import ARCHIVE_ENDINGS, MAX_ENTRIES, ZIP_ENDINGS, Contents, Source, unsafe_path
from whatsit.datasets.formats.zip_source import ZipSource
from whatsit.datasets.skip import Skip
from whatsit.errors import DataError, SourceError
from whatsit.files import read_bounded, read_head
from whatsit.imaging.image import MAX_BYTES
from whatsit.imaging.picture_format import HEAD

_EXPECTED = "one picture"


class FolderSource:
    """A folder on this machine."""

    def __init__(self, folder: Path, *, strict: bool = True) -> None:
        """Use ``folder``.

        Args:
            folder: the folder.
            strict: see ``folder_tree.walk``.
        """
        self._folder = folder
        self._strict = strict

    def __enter__(self) -> "FolderSource":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def contents(self) -> Contents:
        found = Contents(self._folder.resolve().name)
        for entry in walk(self._folder, strict=self._strict):
            if entry.refusal is not None:
                found.skips.append(Skip(entry.inner, entry.reason))
            else:
                # Where names of any encoding are taken, the path that leads to the file is kept.
                found.add("/".join(entry.parts), head=partial(read_head, entry.path, HEAD))
            if len(found.paths) > MAX_ENTRIES:
                raise SourceError(f"{self._folder}: more than {MAX_ENTRIES:,} files; import its parts one by one")
        return found

    def read(self, path: str) -> bytes:
        return read_bounded(self._folder / path, MAX_BYTES, _EXPECTED, name="")


Dropped: TypeAlias = "bytes | Path"
"""A file's bytes, or where they are on this machine."""


class FilesSource:
    """Single files, by the name or relative path that a browser or a command line gave them."""

    def __init__(self, files: Mapping[str, Dropped], name: str = "") -> None:
        self._name = name
        self._files = dict(files)

    def __enter__(self) -> "FilesSource":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def contents(self) -> Contents:
        found = Contents(self._name)
        for path in sorted(self._files):
            found.add(path, unsafe_path(path), partial(self._head, path))
        return found

    def _head(self, path: str) -> bytes:
        file = self._files[path]
        return read_head(file, HEAD) if isinstance(file, Path) else file[:HEAD]

    def read(self, path: str) -> bytes:
        file = self._files[path]
        if isinstance(file, Path):
            return read_bounded(file, MAX_BYTES, _EXPECTED, name="")
        if len(file) > MAX_BYTES:
            raise DataError(f"{len(file):,} bytes, more than the {MAX_BYTES:,} allowed for {_EXPECTED}")
        return file


def open_source(path: Path) -> Source:
    """The source for a folder, a zip archive (``.zip``, ``.tm``) or a single picture.

    Raises:
        SourceError: there is nothing, or an archive of another kind.
    """
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise SourceError(f"{path}: no such file or folder")
    if not path.is_file():
        raise SourceError(f"{path}: not a file; expected a folder, a zip archive or a picture")
    ending = path.suffix.lower()
    if ending in ZIP_ENDINGS:
        return ZipSource(path)
    if ending in ARCHIVE_ENDINGS:
        raise SourceError(f"{path}: only zip archives can be imported; unpack it and import the folder")
    return FilesSource({path.name: path})
