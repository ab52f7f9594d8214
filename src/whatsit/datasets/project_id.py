"""A project's own number: the same whatever its folder is called and wherever it is moved to."""

import re
import secrets
from pathlib import Path

from whatsit.datasets.places import ID
from whatsit.errors import DataError
from whatsit.files import read_bounded, write_file

_FORM = re.compile(rb"[0-9a-f]{12}\n")


def project_id(project: Path) -> str | None:
    """Twelve hexadecimal digits, made when they are first asked for; a copy of the project has the same.

    Returns:
        None where there is none and none can be kept: the folder cannot be written.
    """
    file = ID.below(project)
    try:
        content = read_bounded(file, 64, "a project's number")
    except DataError:
        content = b""
    if not _FORM.fullmatch(content):
        content = secrets.token_hex(6).encode() + b"\n"
        try:
            write_file(file, content)
        except DataError:
            return None
    return content.decode().strip()
