"""Text as one line of output can carry it, whatever a label or a file is called."""

import json
import re
from collections.abc import Mapping
from typing import Any

# Control characters, lone surrogates (bytes of a file name that are no text), and marks that end or reorder a line.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: object) -> str:
    """``text`` with escapes for what a terminal would obey: newlines, ESC, marks of direction."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))


def one_line(text: object, most: int = 500) -> str:
    """``text`` as ``printable`` on one line, cut in the middle where it has more than ``most`` characters."""
    line = printable(" ".join(str(text).split()))
    return line if len(line) <= most else f"{line[: most * 2 // 3]} … {line[-most // 4 :]}"


def json_line(document: Mapping[str, Any], encoding: str | None = "utf-8") -> str:
    """A JSON document (RFC 8259) on one line, without the newline.

    Args:
        encoding: of where it goes; other characters than ASCII are escaped unless it is UTF-8.
    """
    utf8 = (encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(document, ensure_ascii=not utf8)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
