"""The names in a zip archive that does not say their encoding: UTF-8 where they are, else a guess that is said."""

import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from zipfile import ZipInfo

_UTF8_FLAG = 0x800
_INSIDE_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]+[A-Za-z]")
_BESIDE_LATIN = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_UNICODE_PATH = 0x7075
"""Info-ZIP's extra field: the name again, in UTF-8 (APPNOTE 4.6.9)."""


def names_of(entries: Sequence[ZipInfo]) -> tuple[dict[int, str], str]:
    """The name of each entry by its place, and the encoding where it had to be guessed, else nothing.

    Windows writes the code page of its language and says nothing; Debian's ``zip`` and older macOS write UTF-8 and say
    nothing. One archive has one encoding.
    """
    names: dict[int, str] = {}
    unsaid: dict[int, bytes] = {}
    for place, entry in enumerate(entries):
        names[place] = entry.filename
        if entry.flag_bits & _UTF8_FLAG or entry.orig_filename.isascii():
            continue
        try:
            raw = entry.orig_filename.encode("cp437")
        except UnicodeEncodeError:  # zipfile has used the extra field
            continue
        if (said := _unicode_path(entry.extra, raw)) is not None:
            names[place] = said
        else:
            unsaid[place] = raw
    encoding = _encoding(list(unsaid.values()))
    names |= {place: raw.decode(encoding, errors="replace") for place, raw in unsaid.items()}
    # A few Chinese names in GBK are UTF-8 by chance, of accented letters.
    is_sure = encoding == "utf-8" and not (unsaid and _fits(list(unsaid.values()), "gb2312", _is_wide))
    return names, "" if is_sure else encoding


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if int.from_bytes(field[1:5], "little") != zlib.crc32(raw):
                return None
            try:
                return field[5:].decode()
            except UnicodeDecodeError:
                return None
    return None


def _encoding(names: Sequence[bytes]) -> str:
    """The first encoding in which every name is text that somebody can have typed; cp437 where there is none."""
    return next((encoding for encoding, is_typed in _CANDIDATES if _fits(names, encoding, is_typed)), "cp437")


def _fits(names: Sequence[bytes], encoding: str, is_typed: Callable[[str], bool]) -> bool:
    try:
        return all(is_typed(name.decode(encoding)) for name in names)
    except UnicodeDecodeError:
        return False


def _is_text(text: str) -> bool:
    # The second byte of some East Asian characters is a backslash, but nothing that is typed has one before a slash.
    return (
        "\\/" not in text
        and "\\\\" not in text
        and all(unicodedata.category(character) not in ("Cc", "Cn", "Cs", "Co") for character in text)
    )


def _is_latin(text: str) -> bool:
    """True where the accents are on letters, most letters have none, and no capital follows a small letter."""
    strange = [c for c in text if not c.isascii()]
    plain = sum(c.isascii() and c.isalpha() for c in text)
    are_latin = all(unicodedata.name(c, "").startswith("LATIN ") for c in strange)
    return _is_text(text) and are_latin and len(strange) <= max(1, plain) and _has_sound_capitals(text)


def _has_sound_capitals(text: str) -> bool:
    return not any(
        before.islower() and after.isupper() and not (before.isascii() and after.isascii())
        for before, after in pairwise(text)
    )


def _is_wide(text: str) -> bool:
    """True where everything beyond ASCII is a full character of East Asia, and none stands inside a Latin word."""
    return (
        _is_text(text)
        and not _INSIDE_A_WORD.search(text)
        and all(character.isascii() or unicodedata.east_asian_width(character) in ("W", "F") for character in text)
    )


def _is_chinese(text: str) -> bool:
    """As ``_is_wide``, with the Cyrillic letters that GB 2312 has too."""
    return _is_wide("".join(c for c in text if not "\u0400" <= c <= "\u04ff"))


def _is_cyrillic(text: str) -> bool:
    letters = all(c.isascii() or "\u0410" <= c <= "\u044f" or c in "\u0401\u0451" for c in text)
    return _is_text(text) and letters and _has_sound_capitals(text) and not _BESIDE_LATIN.search(text)


def _is_korean(text: str) -> bool:
    return _is_text(text) and all(c.isascii() or unicodedata.name(c, "").startswith("HANGUL SYLLABLE") for c in text)


# From those that fit rarely by chance to those that fit often: GB 2312 is the common part of GBK.
_CANDIDATES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("utf-8", _is_text), ("cp437", _is_latin), ("cp850", _is_latin), ("cp866", _is_cyrillic), ("gb2312", _is_chinese),
    ("shift_jis", _is_wide), ("cp1252", _is_latin), ("euc_kr", _is_korean), ("cp1251", _is_cyrillic),
    ("big5", _is_wide), ("gbk", _is_wide), ("cp932", _is_text),
)  # fmt: skip
