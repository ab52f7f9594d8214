"""Files on disk: whole or not at all, never more than was allowed, and never through a link inside a project."""

from whatsit.files.scratch import scratch_beside
from whatsit.files.whole import (
    cache_folder,
    cannot_write,
    check_writable,
    read_bounded,
    read_head,
    state_folder,
    write_all,
    write_file,
    write_files,
)

__all__ = [
    "cache_folder",
    "cannot_write",
    "check_writable",
    "read_bounded",
    "read_head",
    "scratch_beside",
    "state_folder",
    "write_all",
    "write_file",
    "write_files",
]
