"""The folders around a whole source: its top, and what an archive wraps around everything."""

import posixpath

from whatsit.datasets.formats.class_folders import is_picture_name
from whatsit.datasets.formats.source import Contents


def wrapping(contents: Contents) -> list[str]:
    """The folders that hold every picture, the outermost (``""``) first.

    Only there does a list speak for the whole source; deeper ones came along with something that was put in.
    """
    folders = {posixpath.dirname(path) for path in contents.paths if is_picture_name(path)}
    parts = posixpath.commonpath(folders).split("/") if folders else []
    return ["", *("/".join(parts[: at + 1]) for at in range(len(parts)) if parts[at])]
