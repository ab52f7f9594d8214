"""The text of a list that came with pictures: UTF-8, or UTF-16 with a byte order mark. Nothing is guessed."""

import codecs

from whatsit.errors import SourceError

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
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise SourceError(f"{path}, line {line}: not text; expected a list saved as UTF-8")
    return text


def guessed_text(content: bytes) -> str:
    """``content`` as text, whatever it is: only to recognise a list, never to read one."""
    return content.decode(_encoding(content), errors="replace")


def _encoding(content: bytes) -> str:
    return "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
