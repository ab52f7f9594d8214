"""The text of a list that came with pictures: UTF-8, or UTF-16 with a byte order mark. Nothing is guessed."""

import codecs
import re

from whatsit.errors import SourceError

_BESIDE_A_LETTER = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def list_text(content: bytes, path: str, *, torn: bool = False) -> str:
    """``content`` as text.

    Args:
        content: the file's bytes.
        path: what an error calls it.
        torn: the end can be missing, even in the middle of a character.

    Raises:
        SourceError: in another encoding, or not text; the line is named.
    """
    encoding = _encoding(content)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content, final=not torn)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SourceError(f"{path}, line {line}: not UTF-8; save it as UTF-8 and import it again") from error
    if chance := _other_reading(content, text):
        raise SourceError(
            f"{path}: {chance[0]!r} could be {chance[1]!r} in GBK; save it as UTF-8 with a byte order mark"
        )
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise SourceError(f"{path}, line {line}: not text; expected a list saved as UTF-8")
    return text


def guessed_text(content: bytes) -> str:
    """``content`` as text, whatever it is: only to recognise a list, never to read one."""
    return content.decode(_encoding(content), errors="replace")


def _encoding(content: bytes) -> str:
    return "utf-16" if content.startswith(_UTF16) else "utf-8-sig"


def _other_reading(content: bytes, text: str) -> tuple[str, str] | None:
    """Characters that are UTF-8 by chance: accented letters without a Latin letter beside them, which are Chinese in
    GBK."""
    if content.isascii() or content.startswith((codecs.BOM_UTF8, *_UTF16)) or _BESIDE_A_LETTER.search(text):
        return None
    try:
        other = content.decode("gb2312")
    except UnicodeDecodeError:
        return None
    return next(c for c in text if not c.isascii()), next(c for c in other if not c.isascii())
